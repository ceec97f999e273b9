import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { AwsConnection } from '../../aws/connection';

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
  /** `silence` leaves a call without an answer. */
  readonly replies: (Reply | 'silence')[] = [];

  private constructor(private readonly server: Server) {}

  static async open(): Promise<ServiceEndpoint> {
    const endpoint: ServiceEndpoint = new ServiceEndpoint(
      createServer(async (request, response) => {
        const { method = '', url = '', headers } = request;
        endpoint.calls.push({ method, path: url, headers, body: await text(request) });
        const reply = endpoint.replies.shift() ?? { status: 418 };
        if (reply === 'silence') return;
        const { status = 200, headers: answered = {}, body = '' } = reply;
        response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...answered }).end(body);
      }),
    );
    await new Promise<void>((resolve) => endpoint.server.listen(0, '127.0.0.1', resolve));
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Closes all connections, whatever they wait for. */
  dropConnections(): void {
    this.server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.dropConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export type Send = NonNullable<AwsConnection['send']>;

/** Adds the URLs of requests to a list, and gives all the same reply. */
export function recorder(urls: string[], { status = 200, headers = {}, body = '' }: Reply): Send {
  return async (url) => {
    urls.push(url.href);
    return Object.assign(Readable.from([Buffer.from(body)]), { statusCode: status, headers });
  };
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
