import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import type { Log, LoggedMetrics } from '../../aws/cloudwatch';
import { failureSentence } from '../../aws/failure';
import { type AuthorizedCaller, type DenialReason, METRICS } from '../../mesh/contract';
import { decidingGrant } from '../../registry/admission';
import { denyAmbiguousPaths, denyEchoedMethods, denyHeaders, possibleMethods } from './ambiguity';
import type { CallerCertificate, ClientCertificateReader } from './client-certificate-reader';
import { DenialError } from './denial';
import type { ExternalCallers } from './external-callers';
import type { IssuedCallers } from './issued-callers';
import { type AcceptedCaller, RegistryUnavailableError } from './registry-memory';

/**
 * A simple response of payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */
export type Decision =
  | { readonly isAuthorized: true; readonly context: AuthorizedCaller }
  | { readonly isAuthorized: false };

type AuthorizerEvent = Pick<
  APIGatewayRequestAuthorizerEventV2,
  'headers' | 'queryStringParameters' | 'rawPath' | 'pathParameters' | 'requestContext'
>;

export interface AuthorizerOptions {
  readonly certificates: ClientCertificateReader;
  readonly issuedCallers: IssuedCallers;
  readonly externalCallers: ExternalCallers;
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
   * Every other error denies the request, which API Gateway answers with 403.
   *
   * @throws RegistryUnavailableError if the registry can't be read. API Gateway answers 500 for a function that throws, so
   * a client can tell an outage from a refusal. AWS documents this for REST APIs; for HTTP APIs it documents 500 for any
   * response that is not in the required format, and the error of a function is none.
   * https://docs.aws.amazon.com/apigateway/latest/developerguide/call-api-with-api-gateway-lambda-authorization.html
   * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
   */
  async decide(event: AuthorizerEvent): Promise<Decision> {
    try {
      denyAmbiguousPaths(event);
      denyEchoedMethods(event.requestContext.http.method);
      denyHeaders(event.headers);
      const pem: unknown = event.requestContext.authentication?.clientCert?.clientCertPem;
      if (typeof pem !== 'string') {
        throw new DenialError('NO_CLIENT_CERTIFICATE', 'the request has no client certificate');
      }
      const caller = this.options.certificates.readCaller(pem);
      const accepted = await this.identify(caller);
      this.options.certificates.keep(pem, caller);
      return { isAuthorized: true, context: await this.admit(accepted, caller, event) };
    } catch (error) {
      if (error instanceof RegistryUnavailableError) throw error;
      const denial = error instanceof DenialError ? error : undefined;
      const code: DenialReason = denial?.code ?? 'ERROR';
      this.options.log({ event: 'denied', code, reason: failureSentence(error), ...denial?.certificate });
      this.options.metrics.putByReason(METRICS.requestsDenied, 1, code);
      return { isAuthorized: false };
    }
  }

  /** @throws DenialError if no grant of the caller lets the request in, also when the registry is read again */
  private async admit(
    accepted: AcceptedCaller,
    caller: CallerCertificate,
    event: AuthorizerEvent,
  ): Promise<AuthorizedCaller> {
    const { apiId, http } = event.requestContext;
    const methods = possibleMethods(event);
    const request = { apiId, methods, path: event.rawPath };
    let { identity, grants } = accepted;
    let grant = decidingGrant(grants, request);
    if (grant === undefined) {
      // A grant that a deployment has just added counts at once.
      ({ identity, grants } = await this.identify(caller, GRANTS_AGE));
      grant = decidingGrant(grants, request);
    }
    if (grant !== undefined) return { ...identity, grant };
    const { clientName, spiffeId: subject, serialNumber } = identity;
    const readings = methods.length > 1 ? `, which servers may also take for ${methods.slice(1).join(' or ')}` : '';
    const message = `client ${clientName} has no grant for ${http.method} ${event.rawPath}${readings}`;
    throw new DenialError('NOT_GRANTED', message, { subject, serialNumber });
  }

  private identify(caller: CallerCertificate, longestAge?: number): Promise<AcceptedCaller> {
    const { issuedCallers, externalCallers } = this.options;
    return caller.kind === 'external'
      ? externalCallers.identify(caller, longestAge)
      : issuedCallers.identify(caller, longestAge);
  }
}
