import fc from 'fast-check';
import { ClientSecretError, composeClientSecret, parseClientSecret, verifyClientSecret } from '../../pki/client-secret';
import type { ClientSecret } from '../../pki/contract';
import { generatePrivateKey, privateKeyPem } from '../../pki/keys';
import {
  type Authority,
  createClient,
  createRoot,
  createServer,
  createSubordinate,
  days,
  type EndEntity,
} from './authorities';

const now = new Date();
let root: Authority;
let subordinate: Authority;
let client: EndEntity;
let secret: ClientSecret;

function secretOf({ pem, privateKey }: EndEntity, chain = subordinate.pem + root.pem): ClientSecret {
  return composeClientSecret({
    clientName: 'mail',
    spiffeId: 'spiffe://example.com/mail',
    certificatePem: pem,
    certificateChainPem: chain,
    privateKey,
    keyAlgorithm: 'EC_prime256v1',
  });
}

beforeAll(async () => {
  root = await createRoot('Root');
  subordinate = await createSubordinate(root, 'Issuer');
  client = await createClient(subordinate, 'mail');
  secret = secretOf(client);
});

test('a composed secret describes its certificate and can be used', () => {
  expect(secret).toEqual({
    clientName: 'mail',
    spiffeId: 'spiffe://example.com/mail',
    certificate: client.pem,
    certificateChain: subordinate.pem + root.pem,
    privateKey: privateKeyPem(client.privateKey),
    serialNumber: client.certificate.serialNumber,
    notBefore: new Date(client.certificate.validFrom).toISOString(),
    notAfter: new Date(client.certificate.validTo).toISOString(),
    keyAlgorithm: 'EC_prime256v1',
    fingerprint: client.certificate.fingerprint256,
  });
  verifyClientSecret(secret, now);
});

test('PEM texts without a final line feed are joined all the same', () => {
  const composed = composeClientSecret({
    clientName: 'mail',
    spiffeId: 'spiffe://example.com/mail',
    certificatePem: client.pem.trimEnd(),
    certificateChainPem: `${subordinate.pem.trimEnd()}\r\n${root.pem.trimEnd()}`,
    privateKey: client.privateKey,
    keyAlgorithm: 'EC_prime256v1',
  });
  expect(composed).toEqual(secret);
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
    'the secret has no text "clientName"',
  );
});

describe('a secret cannot be used', () => {
  function verify(changes: Partial<ClientSecret>, at = now): () => void {
    return () => verifyClientSecret({ ...secret, ...changes }, at);
  }

  test('with the key of another certificate', async () => {
    const other = privateKeyPem(await generatePrivateKey('EC_prime256v1'));
    expect(verify({ privateKey: other })).toThrow('the private key is not that of the certificate');
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

  test('after expiry or before its time', () => {
    expect(verify({}, new Date(now.getTime() + days(8)))).toThrow('the certificate "CN=mail" expired at');
    expect(verify({}, new Date(now.getTime() - days(8)))).toThrow('the certificate "CN=mail" is not valid before');
  });

  test('with a chain that is broken, incomplete or of somebody else', async () => {
    const other = await createRoot('Other');
    expect(verify({ certificateChain: 'hello' })).toThrow('"certificateChain" cannot be read');
    expect(verify({ certificateChain: subordinate.pem })).toThrow(ClientSecretError);
    expect(verify({ certificateChain: other.pem })).toThrow('was not issued by "O=Example, CN=Other"');
  });

  test('with two certificates, or none, where its own should be', () => {
    expect(verify({ certificate: client.pem + subordinate.pem })).toThrow('there must be a single certificate');
    expect(verify({ certificate: 'hello' })).toThrow('"certificate" cannot be read');
  });

  test('with a server’s certificate', async () => {
    const server = secretOf(await createServer(subordinate, 'mesh.example.com'));
    expect(() => verifyClientSecret(server, now)).toThrow('not an end-entity certificate for TLS clients');
  });

  test('with the certificate of another identity', async () => {
    const social = secretOf(await createClient(subordinate, 'social'));
    expect(() => verifyClientSecret(social, now)).toThrow(
      "the certificate's SPIFFE ID (spiffe://example.com/social) is not the one the secret names",
    );
  });

  test.each(['serialNumber', 'notBefore', 'notAfter', 'fingerprint'] as const)('with another %s', (field) => {
    expect(verify({ [field]: 'other' })).toThrow(`the secret's "${field}" is not that of the certificate`);
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
