import type { Agent } from 'node:https';
import type { ClientSecret } from '../mesh/contract';
import { TlsRequestError } from './errors';
import { SecretCache, type SecretReader } from './secret-cache';
import { createTlsAgent, type Destination, isStream, requestOverTls } from './tls-request';

export interface MeshClientOptions {
  /** Name or ARN of the client's secret. */
  readonly secretId: string;
  /** The AWS SDK's `SecretsManager`, or whatever else reads secrets. */
  readonly secretsManager: SecretReader;
  /** PEM of the authorities that servers must have their certificates from. @default - those that Node.js trusts */
  readonly certificateAuthorities?: string;
  /**
   * How long a secret is used before it is read again, in milliseconds.
   * @default 300000 - five minutes, as the AWS Parameters and Secrets Lambda Extension
   */
  readonly maxAge?: number;
  /** Where `fetch` connects instead of the URL's host; server name and Host header stay the URL's. @default - the URL's host */
  readonly connectTo?: Destination;
}

/** Methods whose requests may be repeated when it is unknown whether the server saw them (RFC 9110, section 9.2.2). */
const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];

/** A connection pool for one certificate. */
interface Session {
  readonly secret: ClientSecret;
  readonly agent: Agent;
}

/**
 * A client of a mesh: it takes its certificate from Secrets Manager, shows it to the mesh's services, and follows its
 * rotation without a restart and without breaking a request.
 *
 * ```ts
 * const mail = new MeshClient({ secretId: 'mesh.example.com/mail', secretsManager: new SecretsManager() });
 * const answer = await mail.fetch('https://mesh.example.com/schedule/events');
 * ```
 */
export class MeshClient {
  readonly #options: MeshClientOptions;
  readonly #secrets: SecretCache;
  #session: Session | undefined;
  #closed = false;

  constructor(options: MeshClientOptions) {
    this.#options = options;
    this.#secrets = new SecretCache(options.secretId, options.secretsManager, options.maxAge ?? 300_000);
  }

  /**
   * The certificate that is current, with its chain and private key.
   *
   * @throws SecretUnavailableError when there is no valid certificate at hand and Secrets Manager gives none
   * @throws ClientSecretError when what Secrets Manager gives cannot be used
   */
  async credentials(): Promise<ClientSecret> {
    this.#assertOpen();
    return this.#secrets.get();
  }

  /**
   * An agent for other HTTP libraries, keeping connections alive. Ask for it before every request: it is another one
   * once the certificate has changed, and the old one ends its connections as their requests end. Errors as `credentials`.
   */
  async agent(): Promise<Agent> {
    const { agent } = this.#sessionOf(await this.credentials());
    return agent;
  }

  /**
   * `fetch` with the client's certificate; https only, redirects are not followed, bodies not decompressed.
   *
   * When the connection fails because of the certificate, the secret is read again and the request sent once more,
   * provided that the certificate is a new one, that the server did not see the request or its method is idempotent,
   * and that its body is no stream.
   *
   * @throws TlsRequestError when there is no response; all else as `credentials` and `requestOverTls`
   */
  async fetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const session = this.#sessionOf(await this.credentials());
    try {
      return await this.#request(url, init, session);
    } catch (error) {
      if (!(error instanceof TlsRequestError) || !mayResend(init, error)) throw error;
      if (error.reusedConnection) return this.#request(url, init, session);
      const renewed = this.#sessionOf(await this.#secrets.refresh());
      if (renewed === session) throw error;
      return this.#request(url, init, renewed);
    }
  }

  /** Ends idle connections at once and the others with their requests. The client cannot be used any more. */
  close(): void {
    this.#closed = true;
    if (this.#session) drain(this.#session.agent);
    this.#session = undefined;
  }

  #request(url: string | URL, init: RequestInit, { agent }: Session): Promise<Response> {
    return requestOverTls(url, init, { agent, connectTo: this.#options.connectTo });
  }

  #sessionOf(secret: ClientSecret): Session {
    this.#assertOpen();
    const session = this.#session;
    if (session?.secret.fingerprint === secret.fingerprint) return session;
    if (session) drain(session.agent);
    const { certificateAuthorities } = this.#options;
    const agent = createTlsAgent({ credentials: secret, certificateAuthorities }, { keepAlive: true });
    this.#session = { secret, agent };
    return this.#session;
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error('the client is closed');
  }
}

function mayResend(init: RequestInit, error: TlsRequestError): boolean {
  if (isStream(init.body)) return false;
  const idempotent = IDEMPOTENT.includes((init.method ?? 'GET').toUpperCase());
  return error.certificateRefused || (error.connectionReset && idempotent);
}

/** `destroy()` would break requests in flight: close what is idle, and keep no connection that becomes so. */
function drain(agent: Agent): void {
  agent.maxFreeSockets = 0;
  for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy();
}
