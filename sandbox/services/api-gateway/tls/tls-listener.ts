import { constants, type X509Certificate } from 'node:crypto';
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { ServerCertificate } from '../ports';
import { readClientHello } from './client-hello';
import type { DomainTruststore } from './domain-truststore';

/** Milliseconds until a connection must have said which domain it wants, and until its handshake must be through. */
const HANDSHAKE_TIMEOUT = 10_000;
/** Fatal `unrecognized_name`, RFC 6066, section 3. */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x70]);

/** How one domain shakes hands. */
export interface DomainTls {
  readonly certificate: ServerCertificate;
  /** Absent: clients are not asked for a certificate. */
  readonly truststore?: DomainTruststore | undefined;
}

/** A handshake that went through. */
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
 * One port on loopback for every domain. The server name in the client's first message chooses the domain, and with
 * it the certificate, the truststore and whether a client certificate is demanded; each domain has a TLS context of its
 * own, so that none can borrow another one's settings.
 *
 * A client without a certificate is answered with an alert by OpenSSL, which also has every other one prove that it holds
 * the key. Whether the certificate is to be trusted is the truststore's decision alone, since OpenSSL judges by real time
 * and not by the sandbox's clock: after a certificate that it refuses, the connection is closed without a request having
 * been read. Sessions are never resumed, since a resumed one would skip all of this, and never renegotiated, since the
 * certificate would be another one than the one that was read.
 *
 * API Gateway speaks HTTP/2 as well; the sandbox speaks HTTP/1.1 alone.
 */
export class TlsListener {
  private readonly domains = new Map<string, ServedDomain>();
  private readonly sockets = new Set<Socket>();
  private readonly server: Server = createNetServer((socket) => this.accept(socket));

  constructor(private readonly onConnection: (connection: SecureConnection) => void) {}

  /** The port, once the listener listens. */
  get port(): number | undefined {
    return (this.server.address() as AddressInfo | null)?.port;
  }

  get domainNames(): readonly string[] {
    return [...this.domains.keys()];
  }

  /** @param port 0: any that is free */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  }

  /** Serves the domain from now on in this way. Connections that are open stay as they are. */
  serve(domainName: string, { certificate, truststore }: DomainTls): void {
    const secureContext = createSecureContext({
      cert: certificate.certificateChain,
      key: certificate.privateKey,
      minVersion: 'TLSv1.2',
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
      // Clients are told which authorities count.
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
      const clientCertificate = truststore && socket.getPeerX509Certificate();
      if (truststore && !(clientCertificate && truststore.accepts(clientCertificate))) socket.destroy();
      else this.onConnection({ domainName, socket, clientCertificate });
    });
  }
}
