import { TlsRequestError } from '../client/errors';
import { requestOverTls, type TlsRequestOptions } from '../client/tls-request';
import type { ClientSecret } from '../mesh/client-secret';
import { failureSentence } from './failure';

/** How the gateway answers a client certificate. */
export interface HandshakeResult {
  readonly outcome: 'accepted' | 'refused' | 'unreachable';
  /** The HTTP status or the error. */
  readonly detail: string;
}

/**
 * A path outside of all services, whose names begin with a letter. API Gateway answers 404 without calling the authorizer.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
const PATH = '/-/handshake';

/** API Gateway's answer to a client certificate that it does not trust, if it answers at all. */
const FORBIDDEN = 403;

/** A custom domain name of API Gateway with mutual TLS. */
export class GatewayDomain {
  /** @param connection how to reach the domain; by default, as its name resolves */
  constructor(
    readonly domainName: string,
    private readonly connection: Pick<TlsRequestOptions, 'connectTo' | 'certificateAuthorities'> = {},
  ) {}

  /** Calls the gateway with the client's certificate. No service receives the request. Never rejects. */
  async tryHandshake(secret: ClientSecret, signal: AbortSignal): Promise<HandshakeResult> {
    try {
      const url = `https://${this.domainName}${PATH}`;
      const response = await requestOverTls(url, { signal }, { ...this.connection, credentials: secret });
      await response.body?.cancel();
      const outcome = response.status === FORBIDDEN ? 'refused' : 'accepted';
      return { outcome, detail: `status ${response.status}` };
    } catch (error) {
      const isRefusal = error instanceof TlsRequestError && (error.certificateRefused || error.connectionReset);
      return { outcome: isRefusal ? 'refused' : 'unreachable', detail: failureSentence(error) };
    }
  }
}
