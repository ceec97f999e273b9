import { EventEmitter } from 'node:events';
import type { Agent } from 'node:https';
import type { SecureContext } from 'node:tls';
import type { ClientSecret } from '../mesh/client-secret';
import type { MeshHttpClientEvents } from './certificate-events';
import { createDispatcher, type Undici } from './dispatcher';
import { withEnvironment } from './environment';
import { TlsRequestError } from './errors';
import { hasLambdaExtension } from './lambda-extension';
import { type OutgoingRequest, readArguments } from './outgoing-request';
import { isRefusal, isStaleConnection, mayResend, type Outcome } from './resending';
import type { SecretCache } from './secret-cache';
import type { SecretReader, SecretsManagerSender } from './secret-reader';
import { sharedCache } from './shared-caches';
import {
  createTlsAgent,
  createTlsContext,
  type Destination,
  sendOverTls,
  type TlsOptions,
  tlsOptionsOf,
  toResponse,
  withCancellation,
} from './tls-request';

export interface MeshHttpClientOptions {
  /** Name or ARN of the client's secret. */
  readonly secretId: string;
  /**
   * The AWS SDK's `SecretsManager` or `SecretsManagerClient`, or another object that reads secrets. Clients with the same
   * object, secret and `maxAge` share what they have read.
   */
  readonly secretsManager: SecretReader | SecretsManagerSender;
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
  /**
   * How long a call of `fetch` may take until its response is complete, in milliseconds. It includes the time to read the
   * secret, and a second attempt.
   * @default - no limit
   */
  readonly timeout?: number;
  /**
   * Whether the secret is read through the AWS Parameters and Secrets Lambda Extension, at the port in
   * `PARAMETERS_SECRETS_EXTENSION_HTTP_PORT`, by default 2773. The extension gets the `AWS_SESSION_TOKEN`. `secretsManager` is
   * used when the extension doesn't answer, for example during the init phase, and for what the extension may not know yet,
   * because it keeps a secret for up to 300 seconds: when a certificate is refused or should have been rotated.
   * @default - true in a Lambda function with that variable, which `paramsAndSecrets` of the CDK sets
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html
   */
  readonly lambdaExtension?: boolean;
}

/** A connection pool for one certificate. */
interface Session {
  readonly secret: ClientSecret;
  readonly secureContext: SecureContext;
  readonly agent: Agent;
  readonly dispatchers: Map<unknown, unknown>;
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
 *
 * It emits these events when it reads the secret, which it does only while it is used. Clients that share what they read
 * emit them each.
 *
 * - `rotated`: another certificate is used from now on.
 * - `expiring`: less than a third of the certificate's validity is left, so it should have been rotated. Once a certificate.
 * - `error`: the secret can't be read or used. The client goes on with the certificate that it has until that expires. Without
 *   a listener, this event doesn't end the process: a warning of the process takes its place.
 *
 * ```ts
 * import type { MeshHttpClient } from 'cdk-mtls-service-mesh/client';
 *
 * const watch = (mail: MeshHttpClient) =>
 *   mail
 *     .on('rotated', ({ serialNumber, notAfter }) => console.log(`using ${serialNumber} until ${notAfter}`))
 *     .on('expiring', ({ notAfter }) => console.warn(`the certificate expires at ${notAfter}`))
 *     .on('error', ({ message }) => console.error(message));
 * ```
 */
export class MeshHttpClient {
  private readonly options: MeshHttpClientOptions;
  private readonly secrets: SecretCache;
  /** A function, so that the private key does not appear where the client is printed. */
  private session: (() => Session) | undefined;
  /** Only of those who listen, so that a client that is dropped without `close` leaves nothing in the shared cache. */
  private emitter: EventEmitter<MeshHttpClientEvents> | undefined;
  private closed = false;

  /** @throws Error for environment variables that can't be used */
  constructor(options: MeshHttpClientOptions) {
    this.options = withEnvironment(options);
    const throughExtension = options.lambdaExtension ?? hasLambdaExtension();
    this.secrets = sharedCache(options.secretId, options.secretsManager, options.maxAge ?? 300_000, throughExtension);
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
   * The TLS context for other connections, such as those of `tls.connect`. Call this before every connection: after a
   * rotation it returns another context. Throws as `credentials`.
   */
  async secureContext(): Promise<SecureContext> {
    const { secureContext } = this.sessionFor(await this.credentials());
    return secureContext;
  }

  /**
   * The certificate with its chain, the private key, and the authorities, as options of `https.request`, `tls.connect`
   * and `tls.createSecureContext`, and of other libraries. They are those of now: call this before every connection. Do not
   * print them, because they contain the private key. Throws as `credentials`.
   */
  async tlsOptions(): Promise<TlsOptions> {
    const { certificateAuthorities } = this.options;
    return tlsOptionsOf({ credentials: await this.credentials(), certificateAuthorities });
  }

  /**
   * A dispatcher for `undici`, and for the `fetch` of Node.js. Call this before every request: after a rotation it returns
   * another dispatcher. Throws as `credentials`.
   *
   * ```ts
   * import * as undici from 'undici';
   * import type { MeshHttpClient } from 'cdk-mtls-service-mesh/client';
   *
   * const readEvents = async (mail: MeshHttpClient) => {
   *   const dispatcher = await mail.dispatcher(undici);
   *   return undici.request('https://mesh.example.com/schedule/events', { dispatcher });
   * };
   * ```
   *
   * @param undici the package, which should have the same major version as in `process.versions` for Node's own `fetch`
   */
  async dispatcher<D>(undici: Undici<D>): Promise<D> {
    const { dispatchers, secureContext } = this.sessionFor(await this.credentials());
    const known = dispatchers.get(undici.Agent) as D | undefined;
    if (known) return known;
    const dispatcher = createDispatcher(undici, secureContext, this.options.connectTo);
    dispatchers.set(undici.Agent, dispatcher);
    return dispatcher;
  }

  /**
   * Reads the secret again, unless that happened within the last five seconds. Call this when a request with `agent` or
   * `dispatcher` is answered with 403 or refused in the handshake: the certificate may be revoked. `fetch` does it itself.
   * Throws as `credentials`.
   *
   * @returns whether there is another certificate, so that a request is worth sending again
   */
  async refresh(): Promise<boolean> {
    this.assertOpen();
    const refused = this.session?.().secret;
    return refused === undefined || (await this.secrets.replacementFor(refused)) !== undefined;
  }

  /**
   * `fetch` with the client's certificate. Only https; redirects are not followed and bodies are not decompressed. It is
   * bound to the client, so you can pass it on.
   *
   * When the gateway answers with 403, or the connection fails because of the certificate, the secret is read again, at
   * most every five seconds, and the request is sent once more. This happens only if the certificate has changed, if the
   * server has refused or not seen the request or the method is idempotent, and if the body is not a stream.
   *
   * @throws TlsRequestError when there is no response; otherwise as `credentials` and `requestOverTls`
   */
  readonly fetch: typeof globalThis.fetch = (input, init = {}) =>
    withCancellation(input, init, this.options.timeout, async (cancellation) => {
      const request = await readArguments(input, init, cancellation);
      const outcome = await this.send(request);
      if (outcome instanceof TlsRequestError) throw outcome;
      return toResponse(outcome, request);
    });

  /** Calls the listener at each of these events from now on. */
  on<E extends keyof MeshHttpClientEvents>(event: E, listener: (...args: MeshHttpClientEvents[E]) => void): this {
    this.assertOpen();
    this.emitter ??= new EventEmitter<MeshHttpClientEvents>();
    this.secrets.events.add(this.emitter);
    (this.emitter as EventEmitter).on(event, listener);
    return this;
  }

  /** Ends what `on` began, for the same listener. */
  off<E extends keyof MeshHttpClientEvents>(event: E, listener: (...args: MeshHttpClientEvents[E]) => void): this {
    (this.emitter as EventEmitter | undefined)?.off(event, listener);
    return this;
  }

  /**
   * Closes idle connections at once and the others with their requests. The client emits no more events and can't be used
   * afterwards.
   */
  close(): void {
    this.closed = true;
    if (this.emitter) this.secrets.events.delete(this.emitter);
    if (this.session) drain(this.session().agent);
    this.session = undefined;
  }

  /** Sends a request with the current certificate, and again where that helps. */
  private async send(request: OutgoingRequest): Promise<Outcome> {
    const session = this.sessionFor(await request.cancellation.race(this.credentials()));
    const first = await this.sendOnce(request, session);
    const again = isStaleConnection(first) && mayResend(request, first);
    const outcome = again ? await this.sendOnce(request, session) : first;
    if (!isRefusal(outcome)) return outcome;
    // If the secret can't be read, the refusal is what the caller needs to know.
    const reading = this.secrets.replacementFor(session.secret).catch(() => undefined);
    const replacement = await request.cancellation.race(reading);
    if (replacement === undefined || !mayResend(request, outcome)) return outcome;
    if (!(outcome instanceof TlsRequestError)) outcome.destroy();
    return this.sendOnce(request, this.sessionFor(replacement));
  }

  private sendOnce(request: OutgoingRequest, { agent }: Session): Promise<Outcome> {
    return sendOverTls(request, agent, this.options.connectTo).catch((error: unknown) => {
      if (error instanceof TlsRequestError) return error;
      throw error;
    });
  }

  private sessionFor(secret: ClientSecret): Session {
    this.assertOpen();
    const known = this.session?.();
    if (known?.secret.fingerprint === secret.fingerprint) return known;
    if (known) drain(known.agent);
    const { certificateAuthorities } = this.options;
    const secureContext = createTlsContext({ credentials: secret, certificateAuthorities });
    const agent = createTlsAgent(secureContext, { keepAlive: true });
    const session = { secret, secureContext, agent, dispatchers: new Map() };
    this.session = () => session;
    return session;
  }

  private assertOpen(): void {
    if (this.closed) throw new Error('the client is closed');
  }
}

/** Closes idle connections and keeps no others. `destroy()` would end requests in progress. */
function drain(agent: Agent): void {
  agent.maxFreeSockets = 0;
  for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy();
}
