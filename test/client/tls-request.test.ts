import { type ChildProcess, spawn } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { type ClientSecret, type Destination, type FetchInput, requestOverTls, TlsRequestError } from '../../client';
import { privateKeyPem } from '../../pki/keys';
import { type Authority, createRoot, createServer } from '../pki/authorities';
import { describeWith } from '../programs';
import { HOST, MeshServer, serialNumberOf, URL_OF_MESH } from './mesh-server';
import { createSecret } from './secrets';

let root: Authority;
let server: MeshServer;
let credentials: ClientSecret;

beforeAll(async () => {
  root = await createRoot('Root');
  credentials = await createSecret(root);
  server = await MeshServer.start(root, [root], async (request, response) => {
    if (request.url === '/silence') return;
    if (request.url === '/slow-body') {
      response.write('half');
      return;
    }
    if (request.url === '/server-name') {
      response.end((request.socket as TLSSocket & { readonly servername: string }).servername);
      return;
    }
    if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': '10' }).write('half');
      setTimeout(() => response.destroy(), 20);
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    const status = Number(headers['x-status'] ?? 200);
    response.writeHead(status, { 'set-cookie': ['a=1', 'b=2'], location: 'https://other.example.com/' });
    response.end(
      status === 204
        ? undefined
        : JSON.stringify({
            method,
            url,
            headers,
            body: Buffer.concat(chunks).toString(),
            serialNumber: serialNumberOf(request),
          }),
    );
  });
});
afterAll(() => server.close());

function request(init?: RequestInit, input: FetchInput = URL_OF_MESH, timeout?: number): Promise<Response> {
  const trust = { credentials, certificateAuthorities: root.pem, connectTo: server.address };
  return requestOverTls(input, init, { ...trust, timeout });
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('shows the certificate to the URL’s host, wherever it connects', async () => {
  const answer = await (await request()).json();
  expect(answer).toMatchObject({
    method: 'GET',
    url: '/schedule/events?day=1',
    headers: { host: HOST },
    serialNumber: credentials.serialNumber,
  });
});

test.each([
  ['a text', 'an event', { 'content-length': '8', 'content-type': 'text/plain;charset=UTF-8' }],
  ['bytes', Buffer.from('an event'), { 'content-length': '8' }],
  [
    'a form',
    new URLSearchParams({ event: '1' }),
    { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
  ],
  ['a stream', new Blob(['an event']).stream(), { 'transfer-encoding': 'chunked' }],
  ['nothing', undefined, { 'content-length': '0' }],
])('sends %s as body', async (_name, body, headers) => {
  const answer = await (await request({ method: 'post', body })).json();
  const sent = body instanceof URLSearchParams ? 'event=1' : body === undefined ? '' : 'an event';
  expect(answer).toMatchObject({ method: 'POST', body: sent, headers });
});

test.each(['DELETE', 'OPTIONS', 'PATCH'])(
  'states the length of the body of %s, so that it is not a request of its own',
  async (method) => {
    const headers = { 'content-length': '3', 'transfer-encoding': 'gzip' };
    const answer = await (await request({ method, body: 'an event', headers })).json();
    expect(answer).toMatchObject({ method, body: 'an event', headers: { 'content-length': '8' } });
    expect(answer).not.toHaveProperty('headers.transfer-encoding');
    const stream = await (await request({ method, body: new Blob(['an event']).stream() })).json();
    expect(stream).toMatchObject({ method, body: 'an event', headers: { 'transfer-encoding': 'chunked' } });
  },
);

test('takes a Request, whose parts `init` replaces as in `fetch`', async () => {
  const given = () => new Request(URL_OF_MESH, { method: 'PUT', body: 'an event', headers: { accept: 'text/plain' } });
  const headers = { accept: 'text/plain', 'content-length': '8' };
  expect(await (await request(undefined, given())).json()).toMatchObject({ method: 'PUT', body: 'an event', headers });
  const changed = await (await request({ method: 'POST', headers: { accept: 'a/b' } }, given())).json();
  expect(changed).toMatchObject({ method: 'POST', body: 'an event', headers: { accept: 'a/b' } });
  const used = given();
  await used.text();
  await expect(request(undefined, used)).rejects.toMatchObject({ name: 'TypeError' });
  await expect(request({ signal: {} as AbortSignal })).rejects.toMatchObject({ name: 'TypeError' });
});

test('states the URL in the response and its copies, without the fragment', async () => {
  const response = await request({}, `${URL_OF_MESH}#top`);
  expect(response.url).toBe(URL_OF_MESH);
  expect(response.clone().clone().url).toBe(URL_OF_MESH);
  expect(response).toBeInstanceOf(Response);
});

test('leaves the dot of the root out of the server name', async () => {
  const response = await request({}, `https://${HOST}./server-name`);
  expect(await response.text()).toBe(HOST);
});

test('refuses a dispatcher, which would connect without the certificate', async () => {
  const dispatcher = { dispatch: () => true } as unknown as RequestInit['dispatcher'];
  await expect(request({ dispatcher })).rejects.toThrow(TypeError);
});

test('refuses a redirect where the caller does', async () => {
  const init: RequestInit = { redirect: 'error', headers: { 'x-status': '302' } };
  await expect(request(init)).rejects.toThrow(
    new TypeError(`${HOST} answered with a redirect, which "redirect: error" forbids`),
  );
  expect((await request({ ...init, headers: {} })).status).toBe(200);
});

test('sends headers, and never another Host', async () => {
  const headers = new Headers({ accept: 'application/json', 'x-status': '201', host: 'evil.example.com' });
  const response = await request({ headers });
  expect(response.status).toBe(201);
  expect(response.statusText).toBe('Created');
  expect(await response.json()).toMatchObject({ headers: { accept: 'application/json', host: HOST } });
});

test('keeps repeated headers of a response apart', async () => {
  const response = await request();
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
});

test('answers without a body where HTTP has none', async () => {
  expect((await request({ headers: { 'x-status': '204' } })).body).toBeNull();
  expect((await request({ method: 'HEAD' })).body).toBeNull();
});

test('hands redirects over instead of following them', async () => {
  const response = await request({ headers: { 'x-status': '302' } });
  expect(response.status).toBe(302);
  expect(response.headers.get('location')).toBe('https://other.example.com/');
});

test('speaks https only', async () => {
  await expect(request({}, `http://${HOST}/`)).rejects.toThrow(new TypeError('the URL must be https, got http:'));
});

test('rejects with the reason of the signal, before and during a request', async () => {
  const reason = new Error('changed my mind');
  await expect(request({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const controller = new AbortController();
  const pending = request({ signal: controller.signal }, `https://${HOST}/silence`);
  setTimeout(() => controller.abort(reason), 20);
  await expect(pending).rejects.toBe(reason);
});

describe.each([
  ['an error', new Error('changed my mind')],
  ['a text', 'changed my mind'],
  ['null', null],
])('rejects with the reason of the signal when that is %s', (_name, reason) => {
  const abortedWhile = async (work: (signal: AbortSignal) => Promise<unknown>) => {
    const controller = new AbortController();
    const pending = work(controller.signal);
    setTimeout(() => controller.abort(reason), 20);
    await expect(pending).rejects.toBe(reason);
  };

  test('while the body of a Request is read', () => {
    const body = new ReadableStream({ pull: () => new Promise(() => {}) });
    return abortedWhile((signal) =>
      request({ signal }, new Request(URL_OF_MESH, { method: 'POST', body, duplex: 'half' })),
    );
  });

  test('while a stream is sent', () => {
    const body = new ReadableStream({ pull: () => new Promise(() => {}) });
    return abortedWhile((signal) => request({ signal, method: 'POST', body }));
  });

  test('while the response is awaited, by the signal of a Request', () =>
    abortedWhile((signal) => request(undefined, new Request(`https://${HOST}/silence`, { signal }))));

  test('while the body of the response is read', () =>
    abortedWhile(async (signal) => (await request({ signal }, `https://${HOST}/slow-body`)).text()));
});

test('has a timeout until the response is complete', async () => {
  const error = { name: 'TimeoutError', message: 'no complete response after 20 ms' };
  await expect(request({}, `https://${HOST}/silence`, 20)).rejects.toMatchObject(error);
  const response = await request({}, `https://${HOST}/slow-body`, 200);
  await expect(response.text()).rejects.toMatchObject({ name: 'TimeoutError' });
  expect((await (await request({}, URL_OF_MESH, 10_000)).text()).length).toBeGreaterThan(0);
});

test('leaves nothing on the signal of the caller', async () => {
  const { signal } = new AbortController();
  for (const init of [{}, { method: 'HEAD' }]) await (await request({ ...init, signal })).text();
  await request({ signal, redirect: 'error', headers: { 'x-status': '301' } }).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a body whose stream fails ends the request', async () => {
  const body = new ReadableStream({
    pull(controller) {
      controller.error(new Error('the disk is full'));
    },
  });
  const error = await failureOf(request({ method: 'POST', body }));
  expect(error).toBeInstanceOf(TlsRequestError);
  expect(error).toMatchObject({ message: `no response from ${HOST}: the disk is full` });
});

test('a response that is cut short fails while it is read', async () => {
  const response = await request({}, `https://${HOST}/cut`);
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow();
});

test('a server whose certificate is of an unknown authority, or for another name, gets no request', async () => {
  const unknown = await failureOf(requestOverTls(URL_OF_MESH, {}, { credentials, connectTo: server.address }));
  expect(unknown).toMatchObject({ code: 'SELF_SIGNED_CERT_IN_CHAIN', certificateRefused: false });
  const otherName = await failureOf(request({}, 'https://other.example.com/'));
  expect(otherName).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', certificateRefused: false });
});

test('without a certificate there is no response', async () => {
  const trust = { certificateAuthorities: root.pem, connectTo: server.address };
  const error = await failureOf(requestOverTls(URL_OF_MESH, {}, trust));
  expect(error).toBeInstanceOf(TlsRequestError);
  expect(error).toMatchObject({ certificateRefused: true, reusedConnection: false });
});

test('where nobody listens there is no response', async () => {
  const error = await failureOf(requestOverTls(URL_OF_MESH, {}, { connectTo: { host: '127.0.0.1', port: 1 } }));
  expect(error).toMatchObject({ name: 'TlsRequestError', code: 'ECONNREFUSED', connectionReset: false });
  expect(error).toHaveProperty('cause.code', 'ECONNREFUSED');
});

const withOpenssl = describeWith('openssl');
withOpenssl('a server by openssl', () => {
  let directory: string;
  let child: ChildProcess;
  let address: Destination;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'tls-server-'));
    const { pem, privateKey } = await createServer(root, HOST);
    const write = (name: string, text: string) => {
      writeFileSync(join(directory, name), text);
      return name;
    };
    const identity = ['-cert', write('server', pem), '-key', write('key', privateKeyPem(privateKey))];
    const clients = ['-Verify', '2', '-verify_return_error', '-CAfile', write('root', root.pem)];
    const args = ['s_server', '-accept', '127.0.0.1:0', '-www', ...identity, ...clients];
    child = spawn('openssl', args, { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] });
    address = { host: '127.0.0.1', port: await acceptedPort(child) };
  });
  afterAll(() => {
    child?.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  function get(shown?: ClientSecret): Promise<Response> {
    const trust = { certificateAuthorities: root.pem, connectTo: address };
    return requestOverTls(URL_OF_MESH, {}, { ...trust, credentials: shown });
  }

  test('accepts the certificate and its chain', async () => {
    const response = await get(credentials);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('Subject: CN=mail');
  });

  test('refuses a caller without a certificate', async () => {
    const error = await failureOf(get());
    expect(error).toMatchObject({ name: 'TlsRequestError', certificateRefused: true });
    expect(String(error)).toMatch(/^TlsRequestError: mesh\.example\.com refused the certificate: \w+$/);
  });

  test('refuses a certificate of another authority that copies names and SPIFFE ID', async () => {
    const forged = await createSecret(await createRoot('Root'));
    expect(await failureOf(get(forged))).toMatchObject({ name: 'TlsRequestError', certificateRefused: true });
  });

  test('refuses an expired certificate', async () => {
    const validity = { notBefore: new Date('2020-01-01'), notAfter: new Date('2020-01-08') };
    const expired = await createSecret(root, { validity });
    expect(await failureOf(get(expired))).toMatchObject({ name: 'TlsRequestError', certificateRefused: true });
  });
});

function acceptedPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.on('exit', () => reject(new Error(`openssl s_server ended: ${output}`)));
    child.stdout?.on('data', (chunk) => {
      output += chunk;
      const port = /^ACCEPT \S+:(\d+)/m.exec(output)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
