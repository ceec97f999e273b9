import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Call {
  readonly method: string;
  /** With the query string. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** An AWS endpoint on loopback that gives the replies it was told, in turn, and keeps what it was asked. */
export class ServiceEndpoint {
  readonly calls: Call[] = [];
  readonly replies: Reply[] = [];

  private constructor(private readonly server: Server) {}

  static async open(): Promise<ServiceEndpoint> {
    const endpoint: ServiceEndpoint = new ServiceEndpoint(
      createServer(async (request, response) => {
        const { method = '', url = '', headers } = request;
        endpoint.calls.push({ method, path: url, headers, body: await text(request) });
        const { status = 200, headers: answered = {}, body = '' } = endpoint.replies.shift() ?? { status: 418 };
        response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...answered }).end(body);
      }),
    );
    await new Promise<void>((resolve) => endpoint.server.listen(0, '127.0.0.1', resolve));
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export function jsonReply(body: object): Reply {
  return { headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) };
}

export function jsonError(code: string, message: string): Reply {
  return { status: 400, ...jsonReply({ __type: code, message }) };
}

/** The environment that the functions' clients read; gives back what was there before. */
export function setEnvironment(variables: Record<string, string>): () => void {
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'session',
    ...variables,
  });
  return () => {
    process.env = before;
  };
}
