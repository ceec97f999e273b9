import { setImmediate } from 'node:timers/promises';
import { type ClientSecret, ClientSecretError, MeshHttpClient, SecretUnavailableError } from '../../client';
import { type Authority, createRoot, days, validFor } from '../pki/authorities';
import { createSecret, OneSecret } from './secrets';

let root: Authority;
let secret: ClientSecret;
let next: ClientSecret;
const clients: MeshHttpClient[] = [];

beforeAll(async () => {
  root = await createRoot('Root');
  secret = await createSecret(root);
  next = await createSecret(root);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  jest.restoreAllMocks();
});

/** A client and what it emits. */
function listening(secretsManager: OneSecret, maxAge?: number) {
  const client = silent(secretsManager, maxAge);
  const emitted: unknown[] = [];
  client
    .on('rotated', (rotation) => emitted.push(['rotated', rotation]))
    .on('expiring', (certificate) => emitted.push(['expiring', certificate]))
    .on('error', (error) => emitted.push(['error', error]));
  return { client, emitted };
}

function silent(secretsManager: OneSecret, maxAge = 1000): MeshHttpClient {
  const client = new MeshHttpClient({ secretId: 'mesh/mail', secretsManager, maxAge });
  clients.push(client);
  return client;
}

async function readAfter(client: MeshHttpClient, milliseconds: number): Promise<void> {
  const now = Date.now() + milliseconds;
  jest.spyOn(Date, 'now').mockReturnValue(now);
  await client.credentials().catch(() => undefined);
  await setImmediate();
}

const texts = (...secrets: readonly ClientSecret[]) =>
  new OneSecret((call) => JSON.stringify(secrets[Math.min(call, secrets.length) - 1]));

test('a rotation reaches every client that shares the reading, once', async () => {
  const secrets = texts(secret, secret, next, next);
  const [one, other] = [listening(secrets), listening(secrets)];
  await one.client.credentials();
  await readAfter(other.client, 1001);
  expect([one.emitted, other.emitted]).toEqual([[], []]);
  await readAfter(other.client, 1001);
  await readAfter(one.client, 1001);
  expect(secrets.calls).toBe(4);
  const { serialNumber, notAfter } = next;
  const rotated = ['rotated', { previousSerialNumber: secret.serialNumber, serialNumber, notAfter }];
  expect([one.emitted, other.emitted]).toEqual([[rotated], [rotated]]);
});

test('a certificate that should have been rotated is reported once, as soon as the client is used', async () => {
  const short = await createSecret(root, { validity: validFor(3) });
  const secrets = texts(short);
  const { client, emitted } = listening(secrets, days(365));
  await client.credentials();
  await readAfter(client, days(1.9));
  expect([secrets.calls, emitted]).toEqual([1, []]);
  await readAfter(client, days(0.2));
  await readAfter(client, 1001);
  const { serialNumber, notAfter } = short;
  expect([secrets.calls, emitted]).toEqual([2, [['expiring', { serialNumber, notAfter }]]]);
});

test('a certificate that was rotated in time is not reported', async () => {
  const { client, emitted } = listening(texts(await createSecret(root, { validity: validFor(3) }), secret), days(365));
  await client.credentials();
  await readAfter(client, days(2.1));
  expect(emitted).toEqual([['rotated', expect.objectContaining({ serialNumber: secret.serialNumber })]]);
});

test.each([
  ['read', () => Promise.reject(new Error('throttled')), SecretUnavailableError],
  ['used', () => 'garbage', ClientSecretError],
])('a secret that cannot be %s is an error, and the client goes on without a warning', async (_, read, expected) => {
  const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const { client, emitted } = listening(new OneSecret((call) => (call === 1 ? JSON.stringify(secret) : read())));
  await client.credentials();
  await readAfter(client, 1001);
  expect(emitted).toEqual([['error', expect.any(expected)]]);
  expect(await client.credentials()).toEqual(secret);
  expect(warnings).not.toHaveBeenCalled();
});

test('an error without a listener is a warning', async () => {
  const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const client = silent(new OneSecret((call) => (call === 1 ? JSON.stringify(secret) : 'garbage')));
  client.on('rotated', () => undefined);
  await client.credentials();
  await readAfter(client, 1001);
  expect(await client.credentials()).toEqual(secret);
  expect(warnings).toHaveBeenCalledTimes(1);
});

test('the first reading that fails is an error too', async () => {
  const { client, emitted } = listening(new OneSecret(() => undefined));
  await expect(client.credentials()).rejects.toThrow(SecretUnavailableError);
  await setImmediate();
  expect(emitted).toEqual([['error', expect.any(SecretUnavailableError)]]);
});

test('listeners that have left, and those of closed clients, get nothing', async () => {
  const secrets = texts(secret, next);
  const heard = jest.fn();
  const [left, closed, reader] = [silent(secrets), silent(secrets), silent(secrets)];
  left.on('rotated', heard).off('rotated', heard);
  closed.on('rotated', heard).close();
  await reader.credentials();
  await readAfter(reader, 1001);
  expect(secrets.calls).toBe(2);
  expect(heard).not.toHaveBeenCalled();
  expect(() => closed.on('rotated', heard)).toThrow('the client is closed');
});
