import type { Log, LoggedMetrics } from '../../aws/cloudwatch';
import { failureSentence } from '../../aws/failure';
import { type AuthorizedCaller, type DenialReason, METRICS } from '../../mesh/contract';
import { missingGrantText } from '../../mesh/missing-grant';
import { decidingGrant, type GrantedRequest } from '../../registry/admission';
import { denyAmbiguousPaths, denyHeaders, readMethods } from './ambiguity';
import type { CallerCertificate, ClientCertificateReader } from './client-certificate-reader';
import type { CommonGrants } from './common-grants';
import { DenialError } from './denial';
import type { ExternalCallers } from './external-callers';
import type { GatewayRequest } from './gateway-request';
import type { IssuedCallers } from './issued-callers';
import { type AcceptedCaller, RegistryUnavailableError } from './registry-memory';

export interface AuthorizerOptions {
  readonly certificates: ClientCertificateReader;
  readonly issuedCallers: IssuedCallers;
  readonly externalCallers: ExternalCallers;
  readonly commonGrants: CommonGrants;
  readonly log: Log;
  readonly metrics: Pick<LoggedMetrics, 'putByReason'>;
}

/**
 * Before a request is denied for want of a grant, the registry is read again unless that was within this time. It bounds what a
 * client without grants can cost. Milliseconds.
 */
const GRANTS_AGE = 1_000;

/** Identifies and authorizes the caller of a request. Only the log has the reason of a denial. */
export class Authorizer {
  constructor(private readonly options: AuthorizerOptions) {}

  /**
   * The caller, if the request is let in. Every other error denies the request, which API Gateway answers with 403.
   *
   * @throws RegistryUnavailableError if the registry can't be read. API Gateway answers 500 for a function that throws, so
   * a client can tell an outage from a refusal. AWS documents this for REST APIs; for HTTP APIs it documents 500 for any
   * response that is not in the required format, and the error of a function is none.
   * https://docs.aws.amazon.com/apigateway/latest/developerguide/call-api-with-api-gateway-lambda-authorization.html
   * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
   *
   * @param read reads the request from the event, which may be malformed
   */
  async decide(read: () => GatewayRequest): Promise<AuthorizedCaller | undefined> {
    try {
      const request = read();
      const [path] = denyAmbiguousPaths(request);
      const methods = readMethods(request);
      denyHeaders(request.headers);
      if (typeof request.clientCertPem !== 'string') {
        throw new DenialError('NO_CLIENT_CERTIFICATE', 'the request has no client certificate');
      }
      const caller = this.options.certificates.readCaller(request.clientCertPem);
      const accepted = await this.identify(caller);
      this.options.certificates.keep(request.clientCertPem, caller);
      return await this.admit(accepted, caller, { ...request, methods, path });
    } catch (error) {
      if (error instanceof RegistryUnavailableError) throw error;
      const denial = error instanceof DenialError ? error : undefined;
      const code: DenialReason = denial?.code ?? 'ERROR';
      this.options.log({ event: 'denied', code, reason: failureSentence(error), ...denial?.certificate });
      this.options.metrics.putByReason(METRICS.requestsDenied, 1, code);
      return undefined;
    }
  }

  /** @throws DenialError if no grant of the caller lets the request in, also when the registry is read again */
  private async admit(
    accepted: AcceptedCaller,
    caller: CallerCertificate,
    request: GrantedRequest,
  ): Promise<AuthorizedCaller> {
    let { identity, grants } = accepted;
    let grant = decidingGrant(grants, request);
    if (grant === undefined) {
      // A grant that a deployment has just added counts at once.
      ({ identity, grants } = await this.identify(caller, GRANTS_AGE));
      grant = decidingGrant(grants, request);
    }
    if (grant !== undefined) return { ...identity, grant };
    const { clientName, spiffeId: subject, serialNumber } = identity;
    throw new DenialError('NOT_GRANTED', missingGrantText({ ...request, clientName }), { subject, serialNumber });
  }

  /** The caller with the grants that it has by its name and as every client. */
  private async identify(caller: CallerCertificate, longestAge?: number): Promise<AcceptedCaller> {
    const { issuedCallers, externalCallers, commonGrants } = this.options;
    const [{ identity, grants }, common] = await Promise.all([
      caller.kind === 'external'
        ? externalCallers.identify(caller, longestAge)
        : issuedCallers.identify(caller, longestAge),
      commonGrants.find(longestAge),
    ]);
    return { identity, grants: [...grants, ...common] };
  }
}
