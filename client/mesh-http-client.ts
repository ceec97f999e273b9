import type { Agent } from 'node:https';
import type { ClientSecret } from '../mesh/client-secret';
import { withEnvironment } from './environment';
import { TlsRequestError } from './errors';
import { SecretCache, type SecretReader } from './secret-cache';
import { createTlsAgent, type Destination, isStream, requestOverTls } from './tls-request';

export interface MeshHttpClientOptions {
  /** Name or ARN of the client's secret. */
  readonly secretId: string;
  /** The AWS SDK's `SecretsManager`, or another object that reads secrets. */
  readonly secretsManager: SecretReader;
  /**
   * PEM of the certificate authorities that must have issued the servers' certificates.
   * @default - those in the file that `MTLS_MESH_CA_FILE` names; without it, the authorities that Node.js trusts
   */
  readonly certificateAuthorities?: string;
  /**
   * How long a secret is used before it is read again, in milliseconds.
   * @default 300000 - five minutes, as the AWS Parameters and Secrets Lambda Extension
   */
  readonly maxAge?: number;
  /**
   * The address that `fetch` connects to. Server name and Host header stay those of the URL.
   * @default - `MTLS_MESH_CONNECT_TO`, a host and a port with a colon; without it, the URL's host
   */
  readonly connectTo?: Destination;
}

/** Methods of requests that may be repeated even if the server has processed them (RFC 9110, section 9.2.2). */
const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];

/** A connection pool for one certificate. */
interface Session {
  readonly secret: ClientSecret;
  readonly agent: Agent;
}

/**
 * An HTTPS client of a mesh. It reads its certificate from Secrets Manager, authenticates with it, and follows its
 * rotation without a restart and without a failed request.
 *
 * ```ts
 * import { SecretsManager } from '@aws-sdk/client-secrets-manager';
 * import { MeshHttpClient } from 'cdk-mtls-service-mesh/client';
 *
 * const mail = new MeshHttpClient({ secretId: 'mesh.example.com/mail', secretsManager: new SecretsManager() });
 * const response = await mail.fetch('https://mesh.example.com/schedule/events');
 * ```
 */
export class MeshHttpClient {
  private readonly options: MeshHttpClientOptions;
  private readonly secrets: SecretCache;
  /** A function, so that the private key does not appear where the client is printed. */
  private session: (() => Session) | undefined;
  private closed = false;

  /** @throws Error for environment variables that can't be used */
  constructor(options: MeshHttpClientOptions) {
    this.options = withEnvironment(options);
    this.secrets = new SecretCache(options.secretId, options.secretsManager, options.maxAge ?? 300_000);
  }

  /**
   * The current certificate with its chain and private key.
   *
   * @throws SecretUnavailableError when Secrets Manager returns no certificate and the client holds no valid one
   * @throws ClientSecretError when the secret can't be used
   */
  async credentials(): Promise<ClientSecret> {
    this.assertOpen();
    return this.secrets.get();
  }

  /**
   * An agent for other HTTP libraries, with keep-alive. Call this before every request: after a rotation it returns
   * another agent, and the connections of the old one end with their requests. Throws as `credentials`.
   */
  async agent(): Promise<Agent> {
    const { agent } = this.sessionFor(await this.credentials());
    return agent;
  }

  /**
   * `fetch` with the client's certificate. Only https; redirects are not followed and bodies are not decompressed.
   *
   * When the connection fails because of the certificate, the secret is read again and the request is sent once more. This
   * happens only if the certificate has changed, if the server has not seen the request or the method is idempotent, and
   * if the body is not a stream.
   *
   * @throws TlsRequestError when there is no response; otherwise as `credentials` and `requestOverTls`
   */
  async fetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const session = this.sessionFor(await this.credentials());
    try {
      return await this.send(url, init, session);
    } catch (error) {
      if (!(error instanceof TlsRequestError) || !mayResend(init, error)) throw error;
      if (error.reusedConnection) return this.send(url, init, session);
      const renewed = this.sessionFor(await this.secrets.refresh());
      if (renewed === session) throw error;
      return this.send(url, init, renewed);
    }
  }

  /** Closes idle connections at once and the others with their requests. The client can't be used afterwards. */
  close(): void {
    this.closed = true;
    if (this.session) drain(this.session().agent);
    this.session = undefined;
  }

  private send(url: string | URL, init: RequestInit, { agent }: Session): Promise<Response> {
    return requestOverTls(url, init, { agent, connectTo: this.options.connectTo });
  }

  private sessionFor(secret: ClientSecret): Session {
    this.assertOpen();
    const known = this.session?.();
    if (known?.secret.fingerprint === secret.fingerprint) return known;
    if (known) drain(known.agent);
    const { certificateAuthorities } = this.options;
    const agent = createTlsAgent({ credentials: secret, certificateAuthorities }, { keepAlive: true });
    const session = { secret, agent };
    this.session = () => session;
    return session;
  }

  private assertOpen(): void {
    if (this.closed) throw new Error('the client is closed');
  }
}

function mayResend(init: RequestInit, error: TlsRequestError): boolean {
  if (isStream(init.body)) return false;
  const idempotent = IDEMPOTENT.includes((init.method ?? 'GET').toUpperCase());
  return error.certificateRefused || (error.connectionReset && idempotent);
}

/** Closes idle connections and keeps no others. `destroy()` would end requests in progress. */
function drain(agent: Agent): void {
  agent.maxFreeSockets = 0;
  for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy();
}
