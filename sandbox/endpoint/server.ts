import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { RESPONSE_HOST, RESPONSES_PATH } from './paths';
import { Requests, type RequestsOptions } from './requests';

/** A certificate for `RESPONSE_HOST`, in PEM. */
interface ServerCredentials {
  readonly certificateChain: string;
  readonly privateKey: string;
}

/**
 * The HTTP server of a sandbox, on loopback. It serves every AWS service that functions and users call, selected by the
 * service name in the signature. It records every call and applies faults.
 *
 * A second server takes the answers of custom resources, by HTTPS as on AWS. The functions of the CDK and the
 * `cfn-response` module ignore the scheme and the port of their response URL, and always use HTTPS at port 443.
 */
export class Endpoint {
  /** `http://127.0.0.1:<port>`, for `AWS_ENDPOINT_URL`. With an IP address, SDKs use path-style S3 URLs. */
  readonly url: string;

  /** Opens a port. Answers nothing until `serve` is called. */
  static async listen(): Promise<Endpoint> {
    const servers = [createServer(), createTlsServer()] as const;
    await Promise.all(servers.map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
    return new Endpoint(...servers);
  }

  private constructor(
    private readonly server: Server,
    private readonly responseServer: TlsServer,
  ) {
    this.url = `http://127.0.0.1:${portOf(server)}`;
    // An SDK must not find a kept connection closed at its next request.
    server.keepAliveTimeout = 0;
  }

  /** The port of `RESPONSE_HOST` on 127.0.0.1. */
  get responsePort(): number {
    return portOf(this.responseServer);
  }

  /** @param responseHost without it, the response URLs of custom resources can't be reached */
  serve(options: RequestsOptions, responseHost?: ServerCredentials): void {
    const requests = new Requests(options);
    this.server.on('request', (request, response) => void requests.serve(request, response));
    if (responseHost === undefined) return;
    this.responseServer.setSecureContext({ cert: responseHost.certificateChain, key: responseHost.privateKey });
    this.responseServer.on('request', (request, response) => void requests.serveResponseHost(request, response));
  }

  /** The URL for the answer of a custom resource. `token` makes it unguessable. */
  responseUrl(token: string): string {
    return `https://${RESPONSE_HOST}${RESPONSES_PATH}${token}`;
  }

  async close(): Promise<void> {
    await Promise.all(
      [this.server, this.responseServer].map(async (server) => {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      }),
    );
  }
}

function portOf(server: Server | TlsServer): number {
  return (server.address() as AddressInfo).port;
}
