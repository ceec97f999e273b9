import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import { inspect } from 'node:util';
import { SecretsManager, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as undici from 'undici';
import {
  type ClientSecret,
  ClientSecretError,
  MeshHttpClient,
  type MeshHttpClientOptions,
  SecretUnavailableError,
} from '../../client';
import { generatePrivateKey, privateKeyPem } from '../../pki/keys';
import { type Authority, createRoot, days, validFor } from '../pki/authorities';
import { HOST, MeshServer, serialNumberOf, URL_OF_MESH } from './mesh-server';
import { createSecret, OneSecret } from './secrets';

let root: Authority;
let secret: ClientSecret;
let server: MeshServer;
let received: string[];
const clients: MeshHttpClient[] = [];

beforeAll(async () => {
  root = await createRoot('Root');
  secret = await createSecret(root);
});
beforeEach(async () => {
  received = [];
  server = await MeshServer.start(root, [root], (request: IncomingMessage, response: ServerResponse) => {
    received.push(`${request.method} ${serialNumberOf(request)}`);
    setTimeout(() => response.end(serialNumberOf(request)), 5);
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  jest.restoreAllMocks();
  await server.close();
});

function clientOf(
  secretsManager: MeshHttpClientOptions['secretsManager'],
  options: Partial<MeshHttpClientOptions> = {},
): MeshHttpClient {
  const client = new MeshHttpClient({
    secretId: 'mesh/mail',
    secretsManager,
    certificateAuthorities: root.pem,
    connectTo: server.address,
    ...options,
  });
  clients.push(client);
  return client;
}

function moveClock(milliseconds: number): void {
  const now = Date.now() + milliseconds;
  jest.spyOn(Date, 'now').mockReturnValue(now);
}

function silenceWarnings(): jest.SpyInstance {
  return jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
}

describe('credentials', () => {
  test('are read once for callers at the same time, and kept for five minutes', async () => {
    const secrets = new OneSecret(() => JSON.stringify(secret));
    const client = clientOf(secrets);
    const all = await Promise.all([client.credentials(), client.credentials(), client.credentials()]);
    expect(all).toEqual([secret, secret, secret]);
    moveClock(299_000);
    await client.credentials();
    expect(secrets.calls).toBe(1);
    moveClock(2_000);
    await client.credentials();
    expect(secrets.calls).toBe(2);
  });

  test('are read once for several clients with the same Secrets Manager, and stay when one of them closes', async () => {
    const secrets = new OneSecret(() => JSON.stringify(secret));
    const [first, second] = [clientOf(secrets), clientOf(secrets)];
    await Promise.all([first.credentials(), second.credentials()]);
    first.close();
    await expect(first.credentials()).rejects.toThrow('the client is closed');
    expect(await second.credentials()).toEqual(secret);
    expect(secrets.calls).toBe(1);
  });

  test.each([
    ['another secret', { secretId: 'mesh/other' }],
    ['another age', { maxAge: 1000 }],
  ])('are not shared with a client of %s', async (_, options) => {
    const secrets = new OneSecret(() => JSON.stringify(secret));
    await clientOf(secrets).credentials();
    await clientOf(secrets, options).credentials();
    expect(secrets.calls).toBe(2);
  });

  test('are not shared through another Secrets Manager', async () => {
    const [secrets, others] = [new OneSecret(() => JSON.stringify(secret)), new OneSecret(() => undefined)];
    await clientOf(secrets).credentials();
    await expect(clientOf(others).credentials()).rejects.toThrow(SecretUnavailableError);
  });

  test('are read anew after the age that was asked for', async () => {
    const secrets = new OneSecret(() => JSON.stringify(secret));
    const client = clientOf(secrets, { maxAge: 1000 });
    await client.credentials();
    moveClock(1001);
    await client.credentials();
    expect(secrets.calls).toBe(2);
  });

  test('are never used past their validity, however young they are', async () => {
    const shortLived = await createSecret(root, { validity: validFor(1) });
    const secrets = new OneSecret((call) => JSON.stringify(call === 1 ? shortLived : secret));
    const client = clientOf(secrets, { maxAge: days(365) });
    expect(await client.credentials()).toEqual(shortLived);
    moveClock(days(1) + 1000);
    expect(await client.credentials()).toEqual(secret);
  });

  test('stay in use while the certificate is valid and the secret cannot be read, and the next try waits', async () => {
    const warnings = silenceWarnings();
    const secrets = new OneSecret((call) =>
      call === 1 ? JSON.stringify(secret) : Promise.reject(new Error('throttled')),
    );
    const client = clientOf(secrets);
    await client.credentials();
    moveClock(301_000);
    expect(await client.credentials()).toEqual(secret);
    expect(await client.credentials()).toEqual(secret);
    expect(secrets.calls).toBe(2);
    expect(warnings).toHaveBeenCalledWith(
      `SecretUnavailableError: the secret mesh/mail cannot be read: Error: throttled; continuing with the certificate that is valid until ${secret.notAfter}`,
    );
    moveClock(31_000);
    await client.credentials();
    expect(secrets.calls).toBe(3);
    moveClock(days(8));
    await expect(client.credentials()).rejects.toThrow(SecretUnavailableError);
  });

  test('stay in use when the secret is overwritten with something that cannot be used', async () => {
    silenceWarnings();
    const client = clientOf(new OneSecret((call) => (call === 1 ? JSON.stringify(secret) : 'garbage')));
    await client.credentials();
    moveClock(301_000);
    expect(await client.credentials()).toEqual(secret);
  });

  test('come after a first reading that failed', async () => {
    const secrets = new OneSecret((call) => (call === 1 ? Promise.reject(new Error('down')) : JSON.stringify(secret)));
    const client = clientOf(secrets);
    await expect(client.credentials()).rejects.toMatchObject({
      name: 'SecretUnavailableError',
      message: 'the secret mesh/mail cannot be read: Error: down',
      cause: { message: 'down' },
    });
    expect(await client.credentials()).toEqual(secret);
  });

  test('are not shown when the client is printed', async () => {
    const client = clientOf(new OneSecret(() => JSON.stringify(secret)));
    await client.fetch(URL_OF_MESH);
    const printed = inspect(client, { depth: 20, showHidden: true }) + JSON.stringify(client);
    expect(printed).toContain('mesh/mail');
    expect(printed).not.toContain('PRIVATE KEY');
  });

  test.each([
    ['SecretsManager', SecretsManager],
    ['SecretsManagerClient', SecretsManagerClient],
  ])('come over the wire by the %s of the AWS SDK', async (_name, Client) => {
    const requests: string[] = [];
    const aws = createHttpServer((request, response) => {
      request.on('data', (chunk) => requests.push(`${request.headers['x-amz-target']} ${chunk}`));
      response.end(JSON.stringify({ SecretString: JSON.stringify(secret) }));
    });
    await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve));
    const secretsManager = new Client({
      endpoint: `http://127.0.0.1:${(aws.address() as AddressInfo).port}`,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    });
    try {
      expect(await clientOf(secretsManager).credentials()).toEqual(secret);
      expect(requests).toEqual(['secretsmanager.GetSecretValue {"SecretId":"mesh/mail"}']);
    } finally {
      secretsManager.destroy();
      aws.closeAllConnections();
      await new Promise((resolve) => aws.close(resolve));
    }
  });
});

describe('a secret that cannot be used', () => {
  const key = () => secret.privateKey.split('\n')[1] ?? '';

  test.each([
    ['has no text', () => undefined, SecretUnavailableError],
    ['is no JSON', () => secret.privateKey, ClientSecretError],
    [
      'is a key in the wrong place',
      () => JSON.stringify({ ...secret, spiffeId: secret.privateKey }),
      ClientSecretError,
    ],
    ['lacks the certificate', () => JSON.stringify({ ...secret, certificate: undefined }), ClientSecretError],
    [
      'holds a key among its certificates',
      () => JSON.stringify({ ...secret, certificateChain: root.pem + secret.privateKey }),
      ClientSecretError,
    ],
    [
      'holds half a key',
      () => JSON.stringify({ ...secret, privateKey: secret.privateKey.slice(0, 100) }),
      ClientSecretError,
    ],
  ])('%s: the error says so and never holds the key', async (_name, json, type) => {
    const error = await clientOf(new OneSecret(json))
      .fetch(URL_OF_MESH)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(type);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(key());
    expect(inspect(error, { depth: 10 })).toContain('mesh/mail');
  });

  test('has the key of another certificate', async () => {
    const other = { ...secret, privateKey: privateKeyPem(await generatePrivateKey('EC_prime256v1')) };
    const client = clientOf(new OneSecret(() => JSON.stringify(other)));
    await expect(client.fetch(URL_OF_MESH)).rejects.toThrow(
      "the secret mesh/mail cannot be used: the certificate's key is not the client's",
    );
  });

  test('has expired', async () => {
    const expired = await createSecret(root, {
      validity: { notBefore: new Date('2020-01-01'), notAfter: new Date('2020-01-08') },
    });
    const client = clientOf(new OneSecret(() => JSON.stringify(expired)));
    await expect(client.fetch(URL_OF_MESH)).rejects.toThrow(
      'the certificate "CN=mail" expired at 2020-01-08T00:00:00.000Z',
    );
  });
});

describe('fetch', () => {
  test('shows the certificate and keeps its connection', async () => {
    let connections = 0;
    server.server.on('secureConnection', () => {
      connections += 1;
    });
    const client = clientOf(new OneSecret(() => JSON.stringify(secret)));
    for (let index = 0; index < 3; index += 1) {
      expect(await (await client.fetch(URL_OF_MESH)).text()).toBe(secret.serialNumber);
    }
    expect(connections).toBe(1);
  });

  test('follows rotation under traffic without breaking a request, and leaves old connections behind', async () => {
    const rotated = await createSecret(root);
    const secrets = new OneSecret(() => JSON.stringify(secret));
    const client = clientOf(secrets, { maxAge: 1 });
    const answers: string[] = [];
    const traffic = Array.from({ length: 8 }, async () => {
      for (let index = 0; index < 25; index += 1) {
        answers.push(await (await client.fetch(URL_OF_MESH)).text());
        if (answers.length === 60) secrets.read = () => JSON.stringify(rotated);
      }
    });
    await Promise.all(traffic);
    expect(answers).toHaveLength(200);
    expect(new Set(answers)).toEqual(new Set([secret.serialNumber, rotated.serialNumber]));
    expect(answers.slice(-100)).toEqual(Array(100).fill(rotated.serialNumber));
    const open = await new Promise((resolve) => server.server.getConnections((_error, count) => resolve(count)));
    expect(open).toBeLessThanOrEqual(8);
  });

  test('reads the secret again when the server has gone over to another authority, and sends a GET again', async () => {
    const next = await createRoot('Next');
    const renewed = await createSecret(next);
    server.trust([next]);
    const secrets = new OneSecret((call) => JSON.stringify(call === 1 ? secret : renewed));
    expect(await (await clientOf(secrets).fetch(URL_OF_MESH)).text()).toBe(renewed.serialNumber);
    expect(secrets.calls).toBe(2);
    expect(received).toEqual([`GET ${renewed.serialNumber}`]);
  });

  test('does not send a POST again when the server hung up without saying why, but sends the next one', async () => {
    const next = await createRoot('Next');
    const renewed = await createSecret(next);
    server.trust([next]);
    const secrets = new OneSecret((call) => JSON.stringify(call === 1 ? secret : renewed));
    const client = clientOf(secrets);
    const post = () => client.fetch(URL_OF_MESH, { method: 'POST', body: 'an event' });
    await expect(post()).rejects.toMatchObject({ name: 'TlsRequestError', connectionReset: true });
    expect(received).toEqual([]);
    expect((await post()).status).toBe(200);
    expect(received).toEqual([`POST ${renewed.serialNumber}`]);
  });

  test('gives up with the first error when the secret holds no other certificate', async () => {
    server.trust([await createRoot('Next')]);
    let connections = 0;
    server.server.on('connection', () => {
      connections += 1;
    });
    const secrets = new OneSecret(() => JSON.stringify(secret));
    await expect(clientOf(secrets).fetch(URL_OF_MESH)).rejects.toMatchObject({ connectionReset: true });
    expect(secrets.calls).toBe(2);
    expect(connections).toBe(1);
    expect(received).toEqual([]);
  });

  describe('after an alert in the handshake', () => {
    // A server without a cipher for its key answers every handshake with an alert, as one that refuses a certificate.
    const refusing = { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;

    async function clientOfRefusingServer(): Promise<{
      client: MeshHttpClient;
      renewed: ClientSecret;
      close(): Promise<void>;
    }> {
      const renewed = await createSecret(root);
      const refusingServer = await MeshServer.start(
        root,
        [root],
        (request, response) => {
          received.push(`${request.method} ${serialNumberOf(request)}`);
          request.pipe(response);
        },
        refusing,
      );
      const secrets = new OneSecret((call) => {
        if (call === 2) refusingServer.trust([root]);
        return JSON.stringify(call === 1 ? secret : renewed);
      });
      const client = clientOf(secrets, { connectTo: refusingServer.address });
      return { client, renewed, close: () => refusingServer.close() };
    }

    test('sends a POST again, since the server never saw it', async () => {
      const { client, renewed, close } = await clientOfRefusingServer();
      try {
        const response = await client.fetch(URL_OF_MESH, { method: 'POST', body: 'an event' });
        expect(await response.text()).toBe('an event');
        expect(received).toEqual([`POST ${renewed.serialNumber}`]);
      } finally {
        await close();
      }
    });

    test('does not send a stream again', async () => {
      const { client, close } = await clientOfRefusingServer();
      try {
        const body = new Blob(['an event']).stream();
        await expect(client.fetch(URL_OF_MESH, { method: 'POST', body })).rejects.toMatchObject({
          certificateRefused: true,
        });
        expect(received).toEqual([]);
      } finally {
        await close();
      }
    });
  });

  describe('after the gateway has answered 403', () => {
    let gateway: MeshServer;
    let rotated: ClientSecret;
    const revoked = new Set<string>();

    beforeAll(async () => {
      rotated = await createSecret(root);
    });
    beforeEach(async () => {
      revoked.clear();
      gateway = await MeshServer.start(root, [root], (request, response) => {
        const serialNumber = serialNumberOf(request);
        received.push(`${request.method} ${serialNumber}`);
        if (revoked.has(serialNumber)) response.writeHead(403).end('{"message":"Forbidden"}');
        else request.pipe(response);
      });
    });
    afterEach(() => gateway.close());

    const gatewayClient = (secrets: OneSecret, options: Partial<MeshHttpClientOptions> = {}) =>
      clientOf(secrets, { connectTo: gateway.address, ...options });

    test('reads the secret again, and sends the request again with the new certificate', async () => {
      const secrets = new OneSecret(() => JSON.stringify(secret));
      const client = gatewayClient(secrets, { timeout: 60_000 });
      await client.fetch(URL_OF_MESH);
      revoked.add(secret.serialNumber);
      secrets.read = () => JSON.stringify(rotated);
      const response = await client.fetch(URL_OF_MESH, { method: 'POST', body: 'an event' });
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('an event');
      expect(received.slice(1)).toEqual([`POST ${secret.serialNumber}`, `POST ${rotated.serialNumber}`]);
      expect(secrets.calls).toBe(2);
    });

    test('reads it again at most every five seconds, and hands the 403 over while there is no other certificate', async () => {
      revoked.add(secret.serialNumber);
      const secrets = new OneSecret(() => JSON.stringify(secret));
      const client = gatewayClient(secrets);
      for (let index = 0; index < 3; index += 1) {
        const response = await client.fetch(URL_OF_MESH);
        expect([response.status, await response.text()]).toEqual([403, '{"message":"Forbidden"}']);
      }
      expect(secrets.calls).toBe(2);
      expect(received).toHaveLength(3);
      moveClock(5_000);
      secrets.read = () => JSON.stringify(rotated);
      expect((await client.fetch(URL_OF_MESH)).status).toBe(200);
      expect(secrets.calls).toBe(3);
    });

    test('reads it once for requests at the same time, which all get through', async () => {
      const secrets = new OneSecret(() => JSON.stringify(secret));
      const client = gatewayClient(secrets);
      await client.fetch(URL_OF_MESH);
      revoked.add(secret.serialNumber);
      secrets.read = () => JSON.stringify(rotated);
      const responses = await Promise.all(Array.from({ length: 20 }, () => client.fetch(URL_OF_MESH)));
      expect(responses.map(({ status }) => status)).toEqual(Array(20).fill(200));
      expect(secrets.calls).toBe(2);
    });

    test('hands over the second 403 too, instead of trying for ever', async () => {
      revoked.add(secret.serialNumber).add(rotated.serialNumber);
      const client = gatewayClient(new OneSecret((call) => JSON.stringify(call === 1 ? secret : rotated)));
      expect((await client.fetch(URL_OF_MESH)).status).toBe(403);
      expect(received).toHaveLength(2);
    });

    test('does not send a stream again, but the next request has the new certificate', async () => {
      revoked.add(secret.serialNumber);
      const client = gatewayClient(new OneSecret((call) => JSON.stringify(call === 1 ? secret : rotated)));
      const body = new Blob(['an event']).stream();
      expect((await client.fetch(URL_OF_MESH, { method: 'POST', body })).status).toBe(403);
      expect((await client.fetch(URL_OF_MESH)).status).toBe(200);
      expect(received).toHaveLength(2);
    });

    test('hands the 403 over when the secret cannot be read', async () => {
      silenceWarnings();
      revoked.add(secret.serialNumber);
      const secrets = new OneSecret((call) =>
        call === 1 ? JSON.stringify(secret) : Promise.reject(new Error('down')),
      );
      expect((await gatewayClient(secrets).fetch(URL_OF_MESH)).status).toBe(403);
    });

    test('refresh does the same for requests by an agent', async () => {
      const secrets = new OneSecret((call) => JSON.stringify(call < 3 ? secret : rotated));
      const client = gatewayClient(secrets);
      const before = await client.agent();
      expect(await client.refresh()).toBe(false);
      expect(await client.refresh()).toBe(false);
      expect(secrets.calls).toBe(2);
      moveClock(5_000);
      expect(await client.refresh()).toBe(true);
      expect(await client.agent()).not.toBe(before);
      client.close();
      await expect(client.refresh()).rejects.toThrow('the client is closed');
    });
  });

  test('is a `fetch`: it can be passed on, and takes a Request', async () => {
    const { fetch }: { readonly fetch: typeof globalThis.fetch } = clientOf(
      new OneSecret(() => JSON.stringify(secret)),
    );
    const response = await fetch(new Request(URL_OF_MESH, { method: 'PUT', body: 'an event' }));
    expect(response.status).toBe(200);
    expect(response.url).toBe(URL_OF_MESH);
    expect(received).toEqual([`PUT ${secret.serialNumber}`]);
  });

  test('rejects with the reason of the signal while the secret is read', async () => {
    const client = clientOf(new OneSecret(() => new Promise<string>(() => {})));
    const controller = new AbortController();
    const pending = client.fetch(URL_OF_MESH, { signal: controller.signal });
    setImmediate(() => controller.abort('changed my mind'));
    await expect(pending).rejects.toBe('changed my mind');
  });

  test('has a timeout that includes the reading of the secret', async () => {
    const client = clientOf(new OneSecret(() => new Promise<string>(() => {})), { timeout: 20 });
    await expect(client.fetch(URL_OF_MESH)).rejects.toMatchObject({
      name: 'TimeoutError',
      message: 'no complete response after 20 ms',
    });
  });

  test('sends a GET again when the server has closed a kept connection meanwhile', async () => {
    const client = clientOf(new OneSecret(() => JSON.stringify(secret)));
    await (await client.fetch(URL_OF_MESH)).text();
    server.server.prependOnceListener('request', (request) => request.socket.destroy());
    expect((await client.fetch(URL_OF_MESH)).status).toBe(200);
    expect(received).toHaveLength(3);
  });

  test('hands over what is wrong with the request', async () => {
    const client = clientOf(new OneSecret(() => JSON.stringify(secret)));
    await expect(client.fetch('http://mesh.example.com/')).rejects.toThrow(TypeError);
    await expect(client.fetch(URL_OF_MESH, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
  });
});

describe('agent', () => {
  function getWith(agent: Awaited<ReturnType<MeshHttpClient['agent']>>): Promise<string> {
    const { host, port } = server.address;
    return new Promise((resolve, reject) => {
      get({ host, port, servername: HOST, headers: { host: HOST }, agent }, (response) => {
        response.setEncoding('utf8').once('data', resolve);
      }).on('error', reject);
    });
  }

  test('serves other HTTP libraries, and is another one after rotation while the old one still works', async () => {
    const rotated = await createSecret(root);
    const client = clientOf(new OneSecret((call) => JSON.stringify(call === 1 ? secret : rotated)));
    const before = await client.agent();
    expect(await client.agent()).toBe(before);
    moveClock(301_000);
    const after = await client.agent();
    expect(after).not.toBe(before);
    expect(await getWith(before)).toBe(secret.serialNumber);
    expect(await getWith(after)).toBe(rotated.serialNumber);
  });
});

describe('dispatcher', () => {
  test('serves undici, and is another one after rotation while the old one still works', async () => {
    const rotated = await createSecret(root);
    const client = clientOf(new OneSecret((call) => JSON.stringify(call === 1 ? secret : rotated)));
    const get = async (dispatcher: undici.Agent) =>
      (await undici.request('https://mesh.example.com./', { dispatcher })).body.text();
    const before = await client.dispatcher(undici);
    expect(await client.dispatcher(undici)).toBe(before);
    expect(await get(before)).toBe(secret.serialNumber);
    moveClock(301_000);
    const after = await client.dispatcher(undici);
    expect(after).not.toBe(before);
    expect(await get(before)).toBe(secret.serialNumber);
    expect(await get(after)).toBe(rotated.serialNumber);
    await Promise.all([before.close(), after.close()]);
  });

  test('never connects without TLS', async () => {
    const dispatcher = await clientOf(new OneSecret(() => JSON.stringify(secret))).dispatcher(undici);
    await expect(undici.request(`http://${HOST}/`, { dispatcher })).rejects.toThrow('the URL must be https, got http:');
    await dispatcher.close();
  });
});

describe('close', () => {
  test('lets requests in flight end, ends the connections, and refuses new requests', async () => {
    const client = clientOf(new OneSecret(() => JSON.stringify(secret)));
    await (await client.fetch(URL_OF_MESH)).text();
    const inFlight = client.fetch(URL_OF_MESH);
    await new Promise<void>((resolve) => server.server.once('request', () => resolve()));
    client.close();
    expect(await (await inFlight).text()).toBe(secret.serialNumber);
    await expect(client.fetch(URL_OF_MESH)).rejects.toThrow('the client is closed');
    await expect(client.credentials()).rejects.toThrow('the client is closed');
    await expect(client.agent()).rejects.toThrow('the client is closed');
    // Ends only when no connection is open.
    await new Promise((resolve) => server.server.close(resolve));
    server = await MeshServer.start(root, [root], () => {});
  });
});

describe('connections of other programs', () => {
  async function serialNumberOver(options: ConnectionOptions): Promise<string> {
    const socket = connect({ ...server.address, servername: HOST, ...options });
    await once(socket, 'secureConnect');
    socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    return received.at(-1) ?? '';
  }

  test('authenticate with the TLS options and with the TLS context, and after a rotation with the new ones', async () => {
    const next = await createSecret(root);
    const client = clientOf(new OneSecret((call) => JSON.stringify(call === 1 ? secret : next)));
    expect(await serialNumberOver(await client.tlsOptions())).toBe(`GET ${secret.serialNumber}`);
    const secureContext = await client.secureContext();
    expect(await serialNumberOver({ secureContext })).toBe(`GET ${secret.serialNumber}`);
    expect(await client.secureContext()).toBe(secureContext);
    moveClock(301_000);
    expect(await serialNumberOver(await client.tlsOptions())).toBe(`GET ${next.serialNumber}`);
    expect(await serialNumberOver({ secureContext: await client.secureContext() })).toBe(`GET ${next.serialNumber}`);
  });

  test('get no authorities where Node.js shall trust its own', async () => {
    const client = clientOf(new OneSecret(() => JSON.stringify(secret)), { certificateAuthorities: undefined });
    expect(Object.keys(await client.tlsOptions()).sort()).toEqual(['cert', 'key']);
  });
});
