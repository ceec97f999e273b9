import { TlsRequestError } from '../client/errors';
import { requestOverTls, type TlsRequestOptions } from '../client/tls-request';
import type { ClientSecret } from '../mesh/contract';
import type { Gateway, Reception } from '../lambda/certificate-issuer/rotate/handshake';
import { failureSentence } from './failure';

/**
 * A path of no service, as their names begin with a letter: API Gateway answers 404 without asking the authorizer.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
const PATH = '/-/handshake';

/** What API Gateway answers to a client certificate that it does not trust, if it answers at all. */
const FORBIDDEN = 403;

/** A custom domain name of API Gateway with mutual TLS. */
export class GatewayDomain implements Gateway {
  /** @param way to reach it, when it is not the one that the domain name says */
  constructor(
    readonly domainName: string,
    private readonly way: Pick<TlsRequestOptions, 'connectTo' | 'certificateAuthorities'> = {},
  ) {}

  async receive(secret: ClientSecret, signal: AbortSignal): Promise<Reception> {
    try {
      const url = `https://${this.domainName}${PATH}`;
      const response = await requestOverTls(url, { signal }, { ...this.way, credentials: secret });
      await response.body?.cancel();
      return { outcome: response.status === FORBIDDEN ? 'refused' : 'let in', detail: `status ${response.status}` };
    } catch (error) {
      const isRefusal = error instanceof TlsRequestError && (error.certificateRefused || error.connectionReset);
      return { outcome: isRefusal ? 'refused' : 'not reached', detail: failureSentence(error) };
    }
  }
}
