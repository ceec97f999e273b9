import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RESPONSES_PATH } from './paths';
import { Requests, type RequestsOptions } from './requests';

/**
 * The HTTP server of a sandbox, on loopback. It serves every AWS service that functions and users call, selected by the
 * service name in the signature, and the URLs for the answers of custom resources. It records every call and applies
 * faults.
 */
export class Endpoint {
  /** `http://127.0.0.1:<port>`, for `AWS_ENDPOINT_URL`. With an IP address, SDKs use path-style S3 URLs. */
  readonly url: string;

  /** Opens a port. Answers nothing until `serve` is called. */
  static async listen(): Promise<Endpoint> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Endpoint(server);
  }

  private constructor(private readonly server: Server) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    // An SDK must not find a kept connection closed at its next request.
    server.keepAliveTimeout = 0;
  }

  serve(options: RequestsOptions): void {
    const requests = new Requests(options);
    this.server.on('request', (request, response) => void requests.serve(request, response));
  }

  /** The URL for the answer of a custom resource. `token` makes it unguessable. */
  responseUrl(token: string): string {
    return `${this.url}${RESPONSES_PATH}${token}`;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
