import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import type { Log } from '../../aws/cloudwatch';
import { failureSentence } from '../../aws/failure';
import type { CallerIdentity } from '../../mesh/contract';
import { denyAmbiguousPaths, denyIdentityHeaders } from './ambiguity';
import type { CallerCertificate, ClientCertificateReader } from './client-certificate-reader';
import { DenialError } from './denial';
import type { ExternalCallers } from './external-callers';
import type { IssuedCallers } from './issued-callers';

/**
 * A simple response of payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */
export type Decision =
  | { readonly isAuthorized: true; readonly context: CallerIdentity }
  | { readonly isAuthorized: false };

type AuthorizerEvent = Pick<
  APIGatewayRequestAuthorizerEventV2,
  'headers' | 'rawPath' | 'pathParameters' | 'requestContext'
>;

export interface AuthorizerOptions {
  readonly certificates: ClientCertificateReader;
  readonly issuedCallers: IssuedCallers;
  readonly externalCallers: ExternalCallers;
  readonly log: Log;
}

/** Identifies and authorizes the caller of a request. Every error denies the request. Only the log has the reason. */
export class Authorizer {
  constructor(private readonly options: AuthorizerOptions) {}

  async decide(event: AuthorizerEvent): Promise<Decision> {
    try {
      denyAmbiguousPaths(event);
      denyIdentityHeaders(event.headers);
      const pem: unknown = event.requestContext.authentication?.clientCert?.clientCertPem;
      if (typeof pem !== 'string') {
        throw new DenialError('NO_CLIENT_CERTIFICATE', 'the request has no client certificate');
      }
      const context = await this.identify(this.options.certificates.readCaller(pem));
      return { isAuthorized: true, context };
    } catch (error) {
      const { code, certificate } = error instanceof DenialError ? error : { code: 'ERROR', certificate: {} };
      this.options.log({ event: 'denied', code, reason: failureSentence(error), ...certificate });
      return { isAuthorized: false };
    }
  }

  private identify(caller: CallerCertificate): Promise<CallerIdentity> {
    const { issuedCallers, externalCallers } = this.options;
    return caller.kind === 'external' ? externalCallers.identify(caller) : issuedCallers.identify(caller);
  }
}
