import { checkRevocationLists } from '../../../bin/doctor/revocation-lists';
import type { ClientSecret } from '../../../mesh/client-secret';
import { createSecret } from '../../client/secrets';
import { type Authority, createRoot } from '../../pki/authorities';
import { createRevocationList } from '../../pki/revocation-lists';

let root: Authority;
let secret: ClientSecret;

beforeAll(async () => {
  root = await createRoot('Root');
  secret = await createSecret(root);
});

const check = (pem: string, changed: Partial<ClientSecret> = {}) =>
  checkRevocationLists({ read: async () => pem }, { ...secret, ...changed }, new Date());

test('lists without the certificate are fine, and say until when', async () => {
  expect(await check(await createRevocationList(root, { revoked: ['0A'] }))).toEqual({
    result: 'ok',
    message: expect.stringMatching(/^the revocation lists don't have the certificate, and are valid until \S+Z$/),
  });
});

test('a list with the certificate is why servers refuse it', async () => {
  const lists = await createRevocationList(root, { revoked: ['0A', secret.serialNumber] });
  expect(await check(lists)).toEqual({
    result: 'wrong',
    fault: 'refusal',
    message: 'the list of O=Example, CN=Root has the certificate: KEY_COMPROMISE',
    remedy: 'read the secret again; if it is the same: mtls-mesh rotate mail',
  });
});

test.each([
  [
    'that are no longer valid',
    () => createRevocationList(root, { thisUpdate: new Date(0), nextUpdate: new Date(1_000) }),
    /^O=Example, CN=Root has a list that was valid until 1970-01-01T00:00:01\.000Z: servers/,
  ],
  ['of others', async () => createRevocationList(await createRoot('Other')), /there is no list of O=Example, CN=Root$/],
  ['that are none', async () => 'hello', /can't be used: the text must contain PEM blocks/],
])('lists %s are the fault of the mesh', async (_name, published, message) => {
  expect(await check(await published())).toMatchObject({
    result: 'wrong',
    fault: 'server',
    message: expect.stringMatching(message),
    remedy: expect.stringContaining('look at the log of the function of RevocationLists'),
  });
});

test('lists that can not be read are not checked', async () => {
  const read = async () => Promise.reject(new Error('no answer'));
  expect(await checkRevocationLists({ read }, secret, new Date())).toEqual({
    result: 'not-checked',
    message: "the revocation lists can't be read: no answer",
  });
});
