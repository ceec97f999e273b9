import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import { type CallerIdentity, IDENTITY_HEADERS } from '../../mesh/contract';
import { failureSentence } from '../../aws/failure';
import type { Log } from '../log';
import type { Caller, ClientCertificateReader } from './client-certificate-reader';
import { DeniedError } from './denial';
import type { ExternalCallers } from './external-callers';
import { refuseAmbiguousPath } from './ambiguity';
import type { StandingMemory } from './issued-callers';

/**
 * A simple response of payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */
export type Decision =
  | { readonly isAuthorized: true; readonly context: CallerIdentity }
  | { readonly isAuthorized: false };

type AuthorizerEvent = Pick<APIGatewayRequestAuthorizerEventV2, 'headers' | 'rawPath' | 'requestContext'>;

/** Decides who calls, and whether the registry lets them in. Whatever goes wrong is a denial, of which only the log tells the reason. */
export class Authorizer {
  constructor(
    private readonly certificates: ClientCertificateReader,
    private readonly registry: StandingMemory,
    private readonly externalCallers: ExternalCallers,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  async decide(event: AuthorizerEvent): Promise<Decision> {
    try {
      refuseAmbiguousPath(event.rawPath);
      refuseFoldedIdentityHeaders(event.headers);
      const pem: unknown = event.requestContext.authentication?.clientCert?.clientCertPem;
      if (typeof pem !== 'string') throw new DeniedError('no client certificate');
      const context = await this.identityOf(this.certificates.callerOf(pem, this.now()));
      return { isAuthorized: true, context };
    } catch (error) {
      const { subject, serialNumber } = error instanceof DeniedError ? error : {};
      this.log({ event: 'denied', reason: failureSentence(error), subject, serialNumber });
      return { isAuthorized: false };
    }
  }

  private async identityOf(caller: Caller): Promise<CallerIdentity> {
    if (caller.kind === 'external') return this.externalCallers.identityOf(caller.certificate);
    await this.registry.assertGood(caller.identity);
    return caller.identity;
  }
}

const IDENTITY_HEADER_NAMES: ReadonlySet<string> = new Set(Object.values(IDENTITY_HEADERS));

/**
 * The gateway overwrites the identity headers by their exact names. Servers that make variables of headers can't tell
 * `x_mesh_client_name` from ours (RFC 3875, section 4.1.18), and some fold other punctuation in the same way.
 */
function refuseFoldedIdentityHeaders(headers: AuthorizerEvent['headers']): void {
  for (const header of Object.keys(headers ?? {})) {
    const name = header.toLowerCase();
    const folded = name.replace(/[^a-z0-9]/g, '-');
    if (folded !== name && IDENTITY_HEADER_NAMES.has(folded)) {
      throw new DeniedError(`header ${header} can be taken for ${folded}`);
    }
  }
}
