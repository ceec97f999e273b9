import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock';
import { type AwsAnswer, type AwsApi, type AwsCall, AwsError } from './api';
import { readSignature, type SignedRequest, verifySignature } from './signature';

/** Who signed a request, and what they may do. */
interface Authority {
  principalOf(accessKeyId: string): string | undefined;
  secretAccessKeyOf(accessKeyId: string): string | undefined;
  /** Throws `AccessDenied`. */
  authorize(principalArn: string, ...call: Parameters<AwsCall['authorize']>): void;
}

export interface EndpointOptions {
  readonly apis: readonly AwsApi[];
  readonly iam: Authority;
  readonly clock: Clock;
  /** Takes what a custom resource's function puts to its response URL; false when nobody waits for it. */
  receiveCustomResourceResponse(token: string, body: Buffer): boolean;
}

/** More than any call that the library makes. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const RESPONSES_PATH = '/custom-resource-responses/';

/**
 * The one HTTP server of a sandbox, on loopback: every AWS service that functions and users call, told apart by the
 * service name in the request's signature, and the URLs to which custom resources answer.
 */
export class Endpoint {
  /** `http://127.0.0.1:<port>`, for `AWS_ENDPOINT_URL`. An IP address makes SDKs address S3 buckets by path. */
  readonly url: string;
  private readonly apis: ReadonlyMap<string, AwsApi>;

  static async listen(options: EndpointOptions): Promise<Endpoint> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Endpoint(server, options);
  }

  private constructor(
    private readonly server: Server,
    private readonly options: EndpointOptions,
  ) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.apis = new Map(options.apis.map((api) => [api.signingName, api]));
    // An SDK that keeps a connection open must not find it closed under its next request.
    server.keepAliveTimeout = 0;
    server.on('request', (request, response) => void this.serve(request, response));
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

  private async serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    try {
      const answer = await this.answer(incoming);
      outgoing.writeHead(answer.status, answer.headers);
      outgoing.end(answer.body);
    } catch {
      // The caller went away in the middle of its request.
      outgoing.destroy();
    }
  }

  private async answer(incoming: IncomingMessage): Promise<AwsAnswer> {
    // A name that somebody else's DNS points at loopback is not ours: a web page could speak through it.
    const { host = '' } = incoming.headers;
    if (!/^(127\.0\.0\.1|localhost):\d+$/.test(host)) return { status: 421, body: 'this host is not served here\n' };

    const body = await readBody(incoming);
    if (body === undefined) return { status: 413, headers: { connection: 'close' }, body: 'the body is too large\n' };

    const { method = '', url = '/' } = incoming;
    const [path = '', ...query] = url.split('?');
    if (method === 'PUT' && path.startsWith(RESPONSES_PATH)) {
      const received = this.options.receiveCustomResourceResponse(path.slice(RESPONSES_PATH.length), body);
      return { status: received ? 200 : 404 };
    }
    return this.callAws({ method, path, query: query.join('?'), headers: plainHeaders(incoming), body });
  }

  private async callAws(request: SignedRequest): Promise<AwsAnswer> {
    const { iam } = this.options;
    try {
      const { api, principalArn } = this.authenticate(request);
      return await api.handle({
        ...request,
        query: new URLSearchParams(request.query),
        authorize: (...call) => iam.authorize(principalArn, ...call),
      });
    } catch (error) {
      return rejection(error, request);
    }
  }

  private authenticate(request: SignedRequest): { readonly api: AwsApi; readonly principalArn: string } {
    const { iam, clock } = this.options;
    const signature = readSignature(request);
    const principalArn = iam.principalOf(signature.accessKeyId);
    const secretAccessKey = iam.secretAccessKeyOf(signature.accessKeyId);
    if (principalArn === undefined || secretAccessKey === undefined) {
      throw new AwsError('UnrecognizedClientException', 'the access key is not one that this sandbox gave', 403);
    }
    verifySignature(request, signature, secretAccessKey, clock.now());
    const api = this.apis.get(signature.service);
    if (api === undefined) {
      const operation = request.headers['x-amz-target'] ?? `${request.method} ${request.path}`;
      throw new AwsError('UnknownService', `the sandbox does not know the service ${signature.service} (${operation})`);
    }
    return { api, principalArn };
  }
}

/** Refusals before any service is asked, in the protocol that the request speaks: AWS JSON, AWS Query, or S3's. */
function rejection(error: unknown, request: SignedRequest): AwsAnswer {
  const { code, message, status } =
    error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);
  if (request.headers['x-amz-target'] !== undefined) {
    return {
      status,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify({ __type: code, message }),
    };
  }
  const xml = `<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`;
  const isQuery = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: isQuery ? `<ErrorResponse>${xml}</ErrorResponse>` : xml,
  };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function plainHeaders(incoming: IncomingMessage): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
}

/** Undefined when there is more than a body may have; the rest is then left unread. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
