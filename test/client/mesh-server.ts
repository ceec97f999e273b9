import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Destination } from '../../client';
import { privateKeyPem } from '../../pki/keys';
import { type Authority, createServer as createServerCertificate, type EndEntity } from '../pki/authorities';

export const HOST = 'mesh.example.com';
export const URL_OF_MESH = `https://${HOST}/schedule/events?day=1`;

/** A TLS server for `mesh.example.com` on loopback that demands client certificates of the authorities given. */
export class MeshServer {
  private constructor(
    readonly server: Server,
    private readonly identity: EndEntity,
  ) {}

  static async start(
    serverAuthority: Authority,
    clientAuthorities: readonly Authority[],
    answer: RequestListener,
    options: ServerOptions = {},
  ): Promise<MeshServer> {
    const identity = await createServerCertificate(serverAuthority, HOST);
    const server = createServer({ ...contextOf(identity, clientAuthorities), ...options }, answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new MeshServer(server, identity);
  }

  get address(): Destination {
    const { address, port } = this.server.address() as AddressInfo;
    return { host: address, port };
  }

  /** From now on, new connections need certificates of these authorities. */
  trust(clientAuthorities: readonly Authority[]): void {
    this.server.setSecureContext(contextOf(this.identity, clientAuthorities));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function contextOf(identity: EndEntity, clientAuthorities: readonly Authority[]): ServerOptions {
  return {
    cert: identity.pem,
    key: privateKeyPem(identity.privateKey),
    ca: clientAuthorities.map(({ pem }) => pem),
    requestCert: true,
    rejectUnauthorized: true,
  };
}

/** The serial number of the certificate that came with a request. */
export function serialNumberOf(request: IncomingMessage): string {
  return (request.socket as TLSSocket).getPeerCertificate()?.serialNumber;
}
