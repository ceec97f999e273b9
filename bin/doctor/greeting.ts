import { X509Certificate } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import type { Destination } from '../../client';
import { readServerRequest, type ServerRequest } from './certificate-request';
import { CONNECT_TIMEOUT } from './network';

/** How a server begins a TLS connection with a client that has no certificate. */
export interface Greeting {
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** The certificates that the server has sent, its own first. */
  readonly certificates: readonly X509Certificate[];
  /** Why the server's certificate is not trusted. Undefined if it is. */
  readonly distrust?: string | undefined;
  /** What it asks of clients. Undefined if it speaks TLS 1.3 only, which hides it. */
  readonly request?: ServerRequest | undefined;
}

export interface GreetingOptions {
  readonly destination: Destination;
  /** For the extension `server_name`. Empty for an address. */
  readonly serverName: string;
  /** PEM. @default - the authorities that Node.js trusts */
  readonly certificateAuthorities?: string | undefined;
}

/** @throws the error of the handshake */
export async function greet(options: GreetingOptions): Promise<Greeting> {
  const newest = new TappedConnection(options.destination);
  const greeting = await handshake(newest, options, {});
  // A server that demands a certificate ends this one, after it has said so.
  const older = new TappedConnection(options.destination);
  await handshake(older, options, { maxVersion: 'TLSv1.2' }).catch(() => undefined);
  return { ...greeting, request: readServerRequest(older.received) };
}

async function handshake(
  tap: TappedConnection,
  { serverName, certificateAuthorities }: GreetingOptions,
  options: ConnectionOptions,
): Promise<Greeting> {
  const socket = connectTls({
    ...options,
    socket: tap,
    servername: serverName,
    ca: certificateAuthorities,
    // The examination says what is wrong, and sends nothing.
    rejectUnauthorized: false,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (code: string, message: string) => reject(Object.assign(new Error(message), { code }));
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
      socket.once('close', () => fail('ECONNRESET', 'the server closed the connection'));
      tap.setTimeout(CONNECT_TIMEOUT, () => fail('ETIMEDOUT', `no answer within ${CONNECT_TIMEOUT / 1000} seconds`));
    });
    return greetingOf(socket);
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
    tap.destroy();
  }
}

function greetingOf(socket: TLSSocket): Greeting {
  const certificates: X509Certificate[] = [];
  for (let one = socket.getPeerX509Certificate(); one !== undefined; one = one.issuerCertificate) {
    if (certificates.some(({ fingerprint256 }) => fingerprint256 === one?.fingerprint256)) break;
    certificates.push(new X509Certificate(one.raw));
  }
  const { authorizationError } = socket;
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    certificates,
    distrust: socket.authorized ? undefined : String(authorizationError ?? 'not authorized'),
  };
}

/** A TCP connection that keeps what it receives. */
class TappedConnection extends Duplex {
  private readonly parts: Buffer[] = [];
  private readonly socket;

  constructor({ host, port }: Destination) {
    super();
    this.socket = connectTcp({ host, port });
    this.socket.on('data', (part) => {
      this.parts.push(part);
      if (!this.push(part)) this.socket.pause();
    });
    this.socket.on('end', () => this.push(null));
    this.socket.on('error', (error) => this.destroy(error));
  }

  get received(): Buffer {
    return Buffer.concat(this.parts);
  }

  setTimeout(milliseconds: number, onTimeout: () => void): void {
    this.socket.setTimeout(milliseconds, onTimeout);
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(part: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.socket.write(part, done);
  }

  override _final(done: () => void): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }
}
