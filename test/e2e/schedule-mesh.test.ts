import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { exampleApp } from '../../bin/app';
import { copiedIdentity } from '../../bin/prove/impostors';
import { Sandbox, type StackEvent, TlsRequestError } from '../../sandbox';

const EVENTS = 'https://mesh.example.com/schedule/events';

let sandbox: Sandbox;
let assembly: string;
const events: StackEvent[] = [];

beforeAll(async () => {
  assembly = exampleApp().synth().directory;
  sandbox = await Sandbox.deploy(assembly, { onEvent: (event) => events.push(event) });
}, 60_000);

afterAll(async () => {
  try {
    await sandbox?.destroy();
  } finally {
    await sandbox?.close();
  }
});

const create = (caller: string, title: string, headers: Record<string, string> = {}) =>
  sandbox.fetch(caller, EVENTS, { method: 'POST', body: JSON.stringify({ title }), headers });

test('the schedule names who created each event', async () => {
  expect((await create('mail', 'Newsletter')).status).toBe(201);
  expect((await create('social', 'Meetup')).status).toBe(201);

  const answer = await sandbox.fetch('social', EVENTS);

  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ title: 'Newsletter', createdBy: 'mail' }),
      expect.objectContaining({ title: 'Meetup', createdBy: 'social' }),
    ]),
  );
});

test('a caller cannot take another identity by sending its headers', async () => {
  for (const header of ['x-mesh-client-name', 'X-Mesh-Spiffe-Id', 'x_mesh_client_name']) {
    expect((await create('social', 'Forged', { [header]: 'mail' })).status).toBe(403);
  }
  const [, lines = []] = Object.entries(sandbox.logs()).find(([group]) => group.includes('GatewayAuthorizer')) ?? [];
  expect(lines.join('\n')).toContain('the request brings the identity header x-mesh-client-name');
});

test('a path that servers may read differently after API Gateway has decoded it is refused', async () => {
  for (const path of ['/x%23', '/x%253F', '/x%255Cy', '/..%2525E2%252580%25258B/x']) {
    const answer = await sandbox.fetch('social', `${EVENTS}${path}`);
    expect([path, answer.status]).toEqual([path, 403]);
  }
  expect((await sandbox.fetch('social', `${EVENTS}/percent%25done`)).status).toBe(400);
});

test('a caller without a certificate is refused in the handshake', async () => {
  await expect(sandbox.fetch(undefined, EVENTS)).rejects.toMatchObject<Partial<TlsRequestError>>({
    certificateRefused: true,
  });
});

test('a certificate of another authority that copies subject, SPIFFE ID and serial number is refused', async () => {
  const impostor = await copiedIdentity(await sandbox.clientSecret('mail'));

  await expect(sandbox.fetch(impostor, EVENTS)).rejects.toThrow(TlsRequestError);
});

test('each client holds its own key and a certificate in its own name, valid for seven days', async () => {
  const secrets = await Promise.all(['mail', 'social'].map((name) => sandbox.clientSecret(name)));

  for (const { certificate, privateKey, clientName, serialNumber } of secrets) {
    const x509 = new X509Certificate(certificate);
    expect(x509.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
    expect(x509.subject).toBe(`CN=${clientName}`);
    expect(x509.subjectAltName).toBe(`URI:spiffe://mesh.example.com/${clientName}`);
    expect(x509.serialNumber).toBe(serialNumber);
    const days = (Date.parse(x509.validTo) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(6.9);
    expect(days).toBeLessThanOrEqual(7);
  }
  expect(new Set(secrets.map(({ privateKey }) => privateKey)).size).toBe(2);
});

test('private keys are in the secrets and nowhere else: no log, attribute, output, event or template', async () => {
  const keys = await Promise.all(
    ['mail', 'social'].map(async (name) => createPrivateKey((await sandbox.clientSecret(name)).privateKey)),
  );
  const templates = readdirSync(assembly)
    .filter((file) => file.endsWith('.json'))
    .map((file) => readFileSync(join(assembly, file), 'utf8'));
  const seen = JSON.stringify([sandbox.logs(), sandbox.resources, sandbox.outputs, events, templates]);

  expect(seen).toContain('CERTIFICATE');
  expect(seen).not.toMatch(/PRIVATE KEY/);
  for (const key of keys) {
    const { d = '' } = key.export({ format: 'jwk' });
    const scalar = Buffer.from(d, 'base64url');
    expect(scalar).toHaveLength(32);
    for (const encoding of ['base64', 'base64url', 'hex'] as const) {
      expect(seen).not.toContain(scalar.toString(encoding).replace(/=+$/, ''));
    }
    // Base64 of the whole key, at every alignment that the scalar may have within it.
    const pkcs8 = key.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    expect(seen).not.toContain(pkcs8.slice(48, 80));
  }
});

test('private keys and secret access keys are not shown when the sandbox is printed', () => {
  const everything = { depth: Infinity, maxArrayLength: null, maxStringLength: null, showHidden: true };
  const printed = inspect(sandbox, everything);

  expect(printed).toContain('Sandbox {');
  expect(printed).not.toContain('PRIVATE KEY');
  expect(printed).not.toContain(sandbox.environment()['AWS_SECRET_ACCESS_KEY']);
});

test('the access log names the client certificate of each request', () => {
  const [, lines = []] = Object.entries(sandbox.logs()).find(([group]) => group.includes('AccessLog')) ?? [];
  const entries = lines.map((line) => JSON.parse(line));

  expect(entries).toContainEqual(
    expect.objectContaining({ spiffeId: 'spiffe://mesh.example.com/mail', status: '201' }),
  );
});
