import fc from 'fast-check';
import { composeCertificateDocument } from '../../mesh/certificate-document';
import type { ClientSecret } from '../../mesh/client-secret';
import { ClientSecretError, parseClientSecret, verifyClientSecret } from '../../mesh/client-secret';
import { generatePrivateKey, privateKeyPem } from '../../pki/keys';
import { type Authority, createClient, createRoot, createSubordinate, days, type EndEntity } from '../pki/authorities';

const now = new Date();
let root: Authority;
let subordinate: Authority;
let client: EndEntity;
let secret: ClientSecret;

function secretOf({ pem, privateKey }: EndEntity, chain = subordinate.pem + root.pem): ClientSecret {
  return {
    clientName: 'mail',
    spiffeId: 'spiffe://example.com/mail',
    ...composeCertificateDocument(pem, chain),
    privateKey: privateKeyPem(privateKey),
    keyAlgorithm: 'EC_prime256v1',
  };
}

beforeAll(async () => {
  root = await createRoot('Root');
  subordinate = await createSubordinate(root, 'Issuer');
  client = await createClient(subordinate, 'mail');
  secret = secretOf(client);
});

test('a secret with its certificate and key can be used', () => {
  expect(() => verifyClientSecret(secret, now)).not.toThrow();
});

test('a secret survives its way through JSON', () => {
  expect(parseClientSecret(JSON.stringify(secret))).toEqual(secret);
});

test('fields that are not of a secret are left behind', () => {
  expect(parseClientSecret(JSON.stringify({ ...secret, password: 'x' }))).toEqual(secret);
});

test.each([
  ['an empty text', ''],
  ['no JSON', '-----BEGIN PRIVATE KEY-----'],
  ['null', 'null'],
  ['a list', '[]'],
  ['a text', '"secret"'],
  ['an empty object', '{}'],
])('refuses %s', (_name, json) => {
  expect(() => parseClientSecret(json)).toThrow(ClientSecretError);
});

test('refuses a secret without one of its fields, or with one of another type', () => {
  for (const field of Object.keys(secret)) {
    for (const value of [undefined, null, '', 1, {}, ['x']]) {
      expect(() => parseClientSecret(JSON.stringify({ ...secret, [field]: value }))).toThrow(`"${field}"`);
    }
  }
});

test('fields that every object inherits do not pass for fields of the secret', () => {
  expect(() => parseClientSecret('{"__proto__": {"clientName": "mail"}, "keyAlgorithm": "EC_prime256v1"}')).toThrow(
    'the secret has no string "clientName"',
  );
});

describe('a secret cannot be used', () => {
  function verify(changes: Partial<ClientSecret>, at = now): () => void {
    return () => verifyClientSecret({ ...secret, ...changes }, at);
  }

  test('with the key of another certificate', async () => {
    const other = privateKeyPem(await generatePrivateKey('EC_prime256v1'));
    expect(verify({ privateKey: other })).toThrow("the certificate's key is not the client's");
  });

  test.each(['', 'hello', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'])(
    'with the private key %j',
    (privateKey) => {
      expect(verify({ privateKey })).toThrow('"privateKey" is not an unencrypted private key in PEM');
    },
  );

  test('with an encrypted private key', () => {
    const privateKey = client.privateKey.export({
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    });
    expect(verify({ privateKey: privateKey.toString() })).toThrow('unencrypted private key');
  });

  test('with a certificate that does not serve the client', async () => {
    const social = secretOf(await createClient(subordinate, 'social'));
    expect(() => verifyClientSecret(social, now)).toThrow(
      "the certificate's SPIFFE ID (spiffe://example.com/social) is not the client's",
    );
    expect(verify({}, new Date(now.getTime() + days(8)))).toThrow(ClientSecretError);
    expect(verify({ certificateChain: 'hello' })).toThrow(ClientSecretError);
  });
});

test('no error repeats what stands in a secret, wherever the private key stands', () => {
  const key = secret.privateKey.split('\n')[1] ?? '';
  const texts = fc.constantFrom(secret.privateKey, key, client.pem, root.pem, '', '{', 'x');
  const json = fc.oneof(
    texts,
    fc.record({ before: texts, after: texts }).map(({ before, after }) => `${before}${key}${after}`),
    fc
      .dictionary(fc.constantFrom(...Object.keys(secret)), texts)
      .map((changes) => JSON.stringify({ ...secret, ...changes })),
  );
  fc.assert(
    fc.property(json, (text) => {
      try {
        verifyClientSecret(parseClientSecret(text), now);
      } catch (error) {
        expect(error).toBeInstanceOf(ClientSecretError);
        for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
          expect(`${cause.message} ${cause.stack}`).not.toContain(key);
        }
      }
    }),
  );
});
