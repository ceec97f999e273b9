import { constants, type X509Certificate } from 'node:crypto';
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { ServerCredentials } from '../ports';
import { readClientHello } from './client-hello';
import type { DomainTruststore } from './domain-truststore';

/** The time limits for the server name and for the handshake of a connection. Milliseconds. */
const HANDSHAKE_TIMEOUT = 10_000;
/** The fatal alert `unrecognized_name` (RFC 6066, section 3). */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x70]);

/** The TLS settings of a domain. */
export interface DomainTls {
  readonly certificate: ServerCredentials;
  /** Absent if clients aren't asked for a certificate. */
  readonly truststore?: DomainTruststore | undefined;
}

/** A connection after its handshake. */
export interface SecureConnection {
  readonly domainName: string;
  readonly socket: TLSSocket;
  readonly clientCertificate?: X509Certificate | undefined;
}

interface ServedDomain extends Pick<DomainTls, 'truststore'> {
  readonly name: string;
  readonly secureContext: SecureContext;
}

/**
 * Serves all domains on one loopback port. The server name in the ClientHello selects the domain: its certificate, its
 * truststore, and whether it requires a client certificate. Each domain has its own TLS context, so it can't use the
 * settings of another.
 *
 * OpenSSL answers a client without a certificate with an alert, and verifies that other clients hold their key. Only
 * the truststore decides whether a certificate is trusted, because OpenSSL uses real time and not the sandbox's clock.
 * If the truststore rejects a certificate, the connection is closed before a request is read. Sessions are never
 * resumed, because a resumed session skips these checks, and never renegotiated, because the certificate would change.
 *
 * API Gateway also supports HTTP/2. The sandbox supports HTTP/1.1 only.
 */
export class TlsListener {
  private readonly domains = new Map<string, ServedDomain>();
  private readonly sockets = new Set<Socket>();
  private readonly server: Server = createNetServer((socket) => this.accept(socket));

  constructor(private readonly onConnection: (connection: SecureConnection) => void) {}

  /** The port of a listener that has started. */
  get port(): number | undefined {
    return (this.server.address() as AddressInfo | null)?.port;
  }

  get domainNames(): readonly string[] {
    return [...this.domains.keys()];
  }

  /** @param port 0 for a free port */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  }

  /** Serves the domain with these settings. Open connections don't change. */
  serve(domainName: string, { certificate, truststore }: DomainTls): void {
    const secureContext = createSecureContext({
      cert: certificate.certificateChain,
      key: certificate.privateKey,
      minVersion: 'TLSv1.2',
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
      // Tells clients which authorities are accepted.
      ...(truststore && { ca: truststore.bundle }),
    });
    this.domains.set(domainName, { name: domainName, secureContext, truststore });
  }

  withdraw(domainName: string): void {
    this.domains.delete(domainName);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(HANDSHAKE_TIMEOUT, () => socket.destroy());
    let received = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const hello = readClientHello(received);
      if (hello.kind === 'incomplete') return;
      socket.off('data', onData);
      const domain = hello.kind === 'complete' ? this.domains.get(hello.serverName ?? '') : undefined;
      if (!domain) {
        socket.end(UNRECOGNIZED_NAME).resume();
        return;
      }
      socket.pause().setTimeout(0);
      socket.unshift(received);
      this.secure(socket, domain);
    };
    socket.on('data', onData);
  }

  private secure(rawSocket: Socket, { name: domainName, secureContext, truststore }: ServedDomain): void {
    const isDemanded = truststore !== undefined;
    const socket = new TLSSocket(rawSocket, {
      isServer: true,
      secureContext,
      ALPNProtocols: ['http/1.1'],
      requestCert: isDemanded,
      rejectUnauthorized: isDemanded,
    });
    const timer = setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => clearTimeout(timer));
    socket.once('secure', () => {
      clearTimeout(timer);
      try {
        const clientCertificate = truststore && socket.getPeerX509Certificate();
        if (truststore && !(clientCertificate && truststore.accepts(clientCertificate))) socket.destroy();
        else this.onConnection({ domainName, socket, clientCertificate });
      } catch {
        // A certificate that can't be read ends its own connection, and not the sandbox.
        socket.destroy();
      }
    });
  }
}
