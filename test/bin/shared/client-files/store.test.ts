import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLIENT_FILES, FILE_FORMATS, type FileSelection } from '../../../../bin/shared/client-files/contents';
import { ClientDirectory } from '../../../../bin/shared/client-files/directory';
import { replaceClientFiles } from '../../../../bin/shared/client-files/store';
import { type ClientSecret, ClientSecretError } from '../../../../mesh/client-secret';
import { createSecret } from '../../../client/secrets';
import { type Authority, createRoot } from '../../../pki/authorities';
import { createRevocationList } from '../../../pki/revocation-lists';

const PEM: FileSelection = { formats: ['pem'] };
const HOUR = 3_600_000;
const EXPIRED = { notBefore: new Date(Date.now() - 2 * HOUR), notAfter: new Date(Date.now() - HOUR) };

let root: Authority;
let other: Authority;
let secret: ClientSecret;
let path: string;

beforeAll(async () => {
  [root, other] = await Promise.all([createRoot('Root'), createRoot('Other')]);
  secret = await createSecret(root);
});

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'store-'));
});

afterEach(() => rmSync(path, { recursive: true, force: true }));

const replace = (changed: Partial<ClientSecret> = {}, selection = PEM, clientAuthorities?: string) =>
  replaceClientFiles(new ClientDirectory(path), { ...secret, ...changed }, selection, { clientAuthorities });
const read = (name: string) => readFileSync(join(path, name), 'utf8');

test('the files are those of the secret', async () => {
  expect(await replace()).toBe(true);
  expect(await replace()).toBe(false);
  expect(read(CLIENT_FILES.bundle)).toBe(secret.privateKey + secret.certificate + secret.certificateChain);
  expect(read(CLIENT_FILES.clientAuthorities)).toBe(root.pem);
  expect(
    new X509Certificate(read(CLIENT_FILES.fullChain)).checkPrivateKey(createPrivateKey(read(CLIENT_FILES.privateKey))),
  ).toBe(true);
});

test('servers trust other authorities if they are specified', async () => {
  await replace();
  expect(await replace({}, PEM, root.pem + other.pem)).toBe(true);
  expect(read(CLIENT_FILES.clientAuthorities)).toBe(root.pem + other.pem);
  expect(read(CLIENT_FILES.chain)).toBe(root.pem);
});

test('revocation lists are in the same generation in every format, and leave with the option', async () => {
  const write = (formats: FileSelection['formats'], revocationLists?: string) =>
    replaceClientFiles(new ClientDirectory(path), secret, { formats, password: 'changeit' }, { revocationLists });
  const first = await createRevocationList(root);
  expect([await write(['p12'], first), await write(['p12'], first)]).toEqual([true, false]);
  expect(read(CLIENT_FILES.revocationLists)).toBe(first);
  const second = await createRevocationList(root, { number: 2n });
  expect([await write(['pem'], second), read(CLIENT_FILES.revocationLists)]).toEqual([true, second]);
  expect(await write(['pem'])).toBe(true);
  expect(existsSync(join(path, CLIENT_FILES.revocationLists))).toBe(false);
});

test('text around PEM blocks, and keys in other forms, are not written as they are', async () => {
  const sec1 = `${createPrivateKey(secret.privateKey).export({ type: 'sec1', format: 'pem' })}`;
  await replace({
    privateKey: `remarks\n${sec1}`,
    certificate: `remarks\n${secret.certificate}`,
    certificateChain: secret.certificateChain.replaceAll('\n', '\r\n'),
  });
  expect(read(CLIENT_FILES.bundle)).toBe(secret.privateKey + secret.certificate + secret.certificateChain);
});

describe('the files of before stay, and nothing is written the first time, with a certificate', () => {
  test.each<[string, () => Promise<Partial<ClientSecret>>]>([
    ['for another key', async () => ({ privateKey: (await createSecret(root)).privateKey })],
    ['of another authority than those above it', async () => ({ certificateChain: other.pem })],
    ['that is expired', () => createSecret(root, { validity: EXPIRED })],
    ['of another client', async () => ({ spiffeId: 'spiffe://example.com/social' })],
    ['that is none', async () => ({ certificate: 'none' })],
    ['and a key that is none', async () => ({ privateKey: 'none' })],
  ])('%s', async (_name, change) => {
    const changed = await change();
    await expect(replace(changed)).rejects.toThrow(ClientSecretError);
    expect(existsSync(join(path, CLIENT_FILES.privateKey))).toBe(false);
    await replace();
    await expect(replace(changed)).rejects.toThrow(ClientSecretError);
    expect(read(CLIENT_FILES.bundle)).toBe(secret.privateKey + secret.certificate + secret.certificateChain);
  });
});

test.each(FILE_FORMATS)('format %s has a generation of its own', async (format) => {
  await replace();
  const selection: FileSelection = { formats: [format], password: 'changeit' };
  expect(await replace({}, selection)).toBe(true);
  expect(existsSync(join(path, CLIENT_FILES.keyStore))).toBe(format === 'p12');
  expect(existsSync(join(path, CLIENT_FILES.privateKey))).toBe(format === 'pem');
});

test('no file of somebody else is in the way of those that are not chosen', async () => {
  writeFileSync(join(path, CLIENT_FILES.keyStore), 'theirs');
  await replace();
  expect(read(CLIENT_FILES.keyStore)).toBe('theirs');
});
