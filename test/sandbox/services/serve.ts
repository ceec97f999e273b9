import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AccessDenied, type AwsApi, type ConditionKeys, type PolicyDocument } from '../../../sandbox/endpoint/api';

export interface Authorization {
  readonly action: string;
  readonly resource: string;
  readonly conditionKeys?: ConditionKeys | undefined;
  readonly resourcePolicy?: PolicyDocument | undefined;
}

export interface Served {
  readonly url: string;
  /** What the service asked to be authorized, oldest first. */
  readonly authorizations: Authorization[];
  /** Actions that are denied from now on. */
  readonly denied: Set<string>;
  /** For an SDK client: endpoint, region, credentials and no retries. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: number;
  };
  close(): Promise<void>;
}

/** One service's API over real HTTP, with no signature checks and a policy that the test sets by hand. */
export async function serve(api: AwsApi): Promise<Served> {
  const authorizations: Authorization[] = [];
  const denied = new Set<string>();

  const server = createServer(async (request, response) => {
    const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s);
    const answer = await api.handle({
      method: request.method ?? 'GET',
      path,
      query: new URLSearchParams(query),
      headers: request.headers as Record<string, string | undefined>,
      body: await bodyOf(request),
      authorize(action, resource, conditionKeys, resourcePolicy) {
        authorizations.push({ action, resource, conditionKeys, resourcePolicy });
        if (denied.has(action)) throw new AccessDenied(`not authorized to perform: ${action} on resource: ${resource}`);
      },
    });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    authorizations,
    denied,
    client: {
      endpoint: url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
