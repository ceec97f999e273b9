import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { failureSentence } from '../../../aws/failure';
import { clientNameProblem } from '../../../mesh/names';
import { showClient } from '../../shared/inventory';
import { type OperatedMesh, OperatorError } from '../../shared/mesh';
import { clientAsJson } from '../../show/show';
import { ACTIONS, MalformedRequestError } from '../actions';
import type { MeshView } from '../mesh-view';
import { admittedPath, type GuardOptions, RefusedRequest } from './guard';
import type { PageFile } from './page-files';

export interface ConsoleServerOptions {
  readonly mesh: OperatedMesh;
  readonly view: Pick<MeshView, 'state' | 'renew'>;
  readonly files: ReadonlyMap<string, PageFile>;
  /** The port on 127.0.0.1, 0 for a free one. */
  readonly port: number;
}

export interface ConsoleServer {
  /** The URL of the page, with the token. */
  readonly url: string;
  close(): void;
}

/** The longest body of a request. Bytes. */
const MAX_BODY = 4_096;

/**
 * Of every answer. The page has no inline script and no inline style, loads nothing from elsewhere, and can't be framed.
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
 */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

interface Answer {
  readonly type: string;
  readonly body: string | Buffer;
}

/** Serves the page on loopback, to whoever has the URL. */
export async function serveConsole(options: ConsoleServerOptions): Promise<ConsoleServer> {
  const token = randomBytes(32).toString('base64url');
  const server = createServer();
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  const guard: GuardOptions = { token, port: (server.address() as AddressInfo).port };
  server.on('request', (request, response) => void respond(request, response, guard, options));
  return { url: `http://127.0.0.1:${guard.port}/${token}/`, close: () => close(server) };
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

/** Never rejects. */
async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  guard: GuardOptions,
  options: ConsoleServerOptions,
): Promise<void> {
  try {
    const { type, body } = await answerTo(request, admittedPath(request, guard), options);
    send(response, 200, { 'content-type': type }, body);
  } catch (error) {
    const { status, headers } = refusalFor(error);
    const failure = JSON.stringify({ error: failureSentence(error) });
    // The rest of the body is not read.
    send(response, status, { ...headers, 'content-type': 'application/json', connection: 'close' }, failure);
  }
}

function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): void {
  response.writeHead(status, { ...HEADERS, ...headers }).end(body);
}

function refusalFor(error: unknown): Pick<RefusedRequest, 'status' | 'headers'> {
  if (error instanceof RefusedRequest) return error;
  if (error instanceof MalformedRequestError) return { status: 400, headers: {} };
  if (error instanceof OperatorError) return { status: 409, headers: {} };
  return { status: 502, headers: {} };
}

/** @throws RefusedRequest, and what the work throws */
async function answerTo(request: IncomingMessage, path: string, options: ConsoleServerOptions): Promise<Answer> {
  const { mesh, view, files } = options;
  const file = files.get(path);
  if (file !== undefined) {
    allow(request, 'GET');
    return file;
  }
  if (path === 'api/state') {
    allow(request, 'GET');
    return json(JSON.stringify(await view.state()));
  }
  const [, clientName = '', verb] = /^api\/clients\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
  const action = ACTIONS.get(verb ?? '');
  if (clientNameProblem(clientName) !== undefined || (verb !== undefined && action === undefined)) {
    throw new RefusedRequest(404, 'the console has no such page');
  }
  if (action === undefined) {
    allow(request, 'GET');
    return json(clientAsJson(await showClient(mesh, clientName), mesh.now()));
  }
  allow(request, 'POST');
  const body = await readJson(request);
  try {
    return json(JSON.stringify(await action(mesh, clientName, body)));
  } finally {
    await view.renew();
  }
}

function allow({ method }: IncomingMessage, allowed: 'GET' | 'POST'): void {
  if (method !== allowed) throw new RefusedRequest(405, `the method must be ${allowed}`, { allow: allowed });
}

function json(body: string): Answer {
  return { type: 'application/json', body };
}

/** @throws RefusedRequest */
async function readJson(request: IncomingMessage): Promise<unknown> {
  // Forms of other pages can't have this type.
  if (request.headers['content-type'] !== 'application/json') {
    throw new RefusedRequest(415, 'the body must be JSON');
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY) throw new RefusedRequest(413, `the body must have at most ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new RefusedRequest(400, 'the body is not JSON');
  }
}
