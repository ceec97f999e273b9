import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import { createSecureContext, type TLSSocket } from 'node:tls';
import type { CallerIdentity } from '../mesh/contract';
import { expiringFrom } from '../mesh/expiry';
import { clientNameFromSpiffeId, trustDomainProblem } from '../mesh/names';
import { isClientCertificate, notAfterOf, notBeforeOf, spiffeIdOf } from '../pki/certificate-fields';
import { assertValidAt, verifyTrust } from '../pki/chain';
import { readCertificates } from '../pki/pem';
import { callers } from './caller';
import type { CertificateRotation, ExpiringCertificate } from './certificate-events';

export interface MeshServerOptions {
  /** The SPIFFE trust domain whose clients are admitted. */
  readonly trustDomain: string;
  /** PEM file of the authorities of the mesh's clients: `client-ca.pem`, as `mtls-mesh agent` writes it. */
  readonly clientAuthoritiesFile: string;
  /** PEM file of the server's certificate and chain. */
  readonly certificateFile: string;
  /** PEM file of the server's key. */
  readonly privateKeyFile: string;
  /**
   * How often the files are read, in milliseconds.
   * @default 5000
   */
  readonly interval?: number;
  /** Is called when the server has taken new files: a certificate, or authorities. */
  readonly onFilesChanged?: () => void;
  /** Is called when the server uses another certificate than before, after `onFilesChanged`. */
  readonly onRotated?: (rotation: CertificateRotation) => void;
  /**
   * Is called when less than a third of the validity of the server's certificate is left, so that it should have been
   * replaced. Once a certificate.
   */
  readonly onExpiring?: (certificate: ExpiringCertificate) => void;
  /**
   * Is called when new files can't be used, for example because a certificate has arrived and its key has not. The server
   * goes on with the files that it has, and tries again.
   * @default - a warning of the process
   */
  readonly onError?: (error: Error) => void;
}

/** The certificate of the server, and whom it trusts. */
interface Identity {
  readonly cert: string;
  readonly key: string;
  /** PEM. */
  readonly ca: string;
  readonly clientAuthorities: readonly X509Certificate[];
  readonly serialNumber: string;
  /** ISO 8601, UTC. */
  readonly notAfter: string;
  /** When it should have been replaced. Milliseconds since 1970. */
  readonly expiringFrom: number;
}

/**
 * An HTTPS server that admits only clients of the mesh, without the gateway. It follows its files without a restart. When an
 * authority leaves `clientAuthoritiesFile`, its clients are cut off at once: open connections end, and sessions are not resumed.
 * `callerOf(request)` returns the client.
 *
 * The server doesn't ask the registry: it admits a revoked certificate until that expires.
 *
 * ```ts
 * import { callerOf, meshServer } from 'cdk-mtls-service-mesh/client';
 *
 * const server = meshServer(
 *   {
 *     trustDomain: 'mesh.example.com',
 *     clientAuthoritiesFile: '/etc/mtls-mesh/mail/client-ca.pem',
 *     certificateFile: '/etc/mtls-mesh/server/certificate.pem',
 *     privateKeyFile: '/etc/mtls-mesh/server/private-key.pem',
 *   },
 *   (request, response) => response.end(callerOf(request).clientName),
 * );
 * server.listen(8443);
 * ```
 *
 * @throws Error when a file can't be read or used, or the trust domain is not one
 */
export function meshServer(options: MeshServerOptions, listener: RequestListener): Server {
  const problem = trustDomainProblem(options.trustDomain);
  if (problem !== undefined) throw new Error(`trustDomain ${problem}, got ${JSON.stringify(options.trustDomain)}`);
  let identity = readIdentity(options);
  let reportedAsExpiring: string | undefined;
  const sockets = new Set<TLSSocket>();

  const server = createServer(
    { ...identity, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    (request, response) => {
      // A connection can outlive the certificate that it began with.
      if (admit(request.socket as TLSSocket)) listener(request, response);
    },
  );
  // Before the server's own listener, so that it covers WebSockets and whatever else begins on a connection.
  server.prependListener('secureConnection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    admit(socket);
  });
  const timer = setInterval(followFiles, options.interval ?? 5_000).unref();
  server.once('close', () => clearInterval(timer));
  return server;

  /** Ends the connection of anybody but a client of the mesh. */
  function admit(socket: TLSSocket): boolean {
    const caller = callerAt(socket, options.trustDomain, identity.clientAuthorities);
    if (caller === undefined) {
      callers.delete(socket);
      socket.destroy();
      return false;
    }
    callers.set(socket, caller);
    return true;
  }

  function followFiles(): void {
    takeFiles();
    const { cert, serialNumber, notAfter } = identity;
    if (Date.now() < identity.expiringFrom || reportedAsExpiring === cert) return;
    reportedAsExpiring = cert;
    options.onExpiring?.({ serialNumber, notAfter });
  }

  function takeFiles(): void {
    const previous = identity;
    try {
      const read = readIdentity(options);
      if (read.ca === identity.ca && read.cert === identity.cert && read.key === identity.key) return;
      server.setSecureContext(read);
      identity = read;
    } catch (error) {
      const report = options.onError ?? ((reason: Error) => process.emitWarning(reason.message, 'MeshServerWarning'));
      report(error as Error);
      return;
    }
    for (const socket of sockets) admit(socket);
    options.onFilesChanged?.();
    const { serialNumber, notAfter } = identity;
    if (previous.serialNumber !== serialNumber) {
      options.onRotated?.({ previousSerialNumber: previous.serialNumber, serialNumber, notAfter });
    }
  }
}

/** @throws Error for files that can't be used together */
function readIdentity({ certificateFile, privateKeyFile, clientAuthoritiesFile }: MeshServerOptions): Identity {
  const ca = readFileSync(clientAuthoritiesFile, 'utf8');
  const cert = readFileSync(certificateFile, 'utf8');
  const key = readFileSync(privateKeyFile, 'utf8');
  const clientAuthorities = readCertificates(ca);
  const other = clientAuthorities.find((certificate) => !certificate.ca);
  if (other !== undefined) {
    throw new Error(`${clientAuthoritiesFile} contains a certificate that is not of an authority: ${other.subject}`);
  }
  // Throws unless the key belongs to the certificate.
  createSecureContext({ ca, cert, key });
  const certificate = new X509Certificate(cert);
  const { serialNumber } = certificate;
  const notBefore = notBeforeOf(certificate).toISOString();
  const notAfter = notAfterOf(certificate).toISOString();
  return {
    ca,
    cert,
    key,
    clientAuthorities,
    serialNumber,
    notAfter,
    expiringFrom: Date.parse(expiringFrom({ notBefore, notAfter })),
  };
}

/**
 * The client at the other end. Undefined for anybody else. TLS has verified the chain at the handshake, but not at the
 * beginning of a session that is resumed.
 */
function callerAt(
  socket: TLSSocket,
  trustDomain: string,
  clientAuthorities: readonly X509Certificate[],
): CallerIdentity | undefined {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined || !isClientCertificate(certificate)) return undefined;
  const spiffeId = spiffeIdOf(certificate) ?? '';
  const clientName = clientNameFromSpiffeId(spiffeId, trustDomain);
  if (clientName === undefined) return undefined;
  try {
    const now = new Date();
    assertValidAt(certificate, now);
    verifyTrust(certificate, clientAuthorities, now);
  } catch {
    return undefined;
  }
  const { serialNumber, fingerprint256: fingerprint } = certificate;
  return { clientName, spiffeId, serialNumber, fingerprint };
}
