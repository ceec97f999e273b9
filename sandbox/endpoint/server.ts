import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RESPONSES_PATH } from './paths';
import { Requests, type RequestsOptions } from './requests';

/**
 * The one HTTP server of a sandbox, on loopback: every AWS service that functions and users call, told apart by the
 * service name in the request's signature, and the URLs to which custom resources answer. Every call is recorded, and
 * goes wrong when a fault says so.
 */
export class Endpoint {
  /** `http://127.0.0.1:<port>`, for `AWS_ENDPOINT_URL`. An IP address makes SDKs address S3 buckets by path. */
  readonly url: string;

  /** Takes a port; nothing is answered until it serves. */
  static async listen(): Promise<Endpoint> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Endpoint(server);
  }

  private constructor(private readonly server: Server) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    // An SDK that keeps a connection open must not find it closed under its next request.
    server.keepAliveTimeout = 0;
  }

  serve(options: RequestsOptions): void {
    const requests = new Requests(options);
    this.server.on('request', (request, response) => void requests.serve(request, response));
  }

  /** Where the function of a custom resource puts its answer; `token` is what makes the URL unguessable. */
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
