import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { createHash, createPublicKey, webcrypto, X509Certificate } from 'node:crypto';
import { devNull } from 'node:os';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate, SubjectPublicKeyInfo } from '@peculiar/asn1-x509';
import { BasicConstraintsExtension, X509CertificateGenerator } from '@peculiar/x509';
import { API_GATEWAY_LIMITS } from '../../lambda/truststore-publisher/truststore-resource';
import { privateKeyPem } from '../../pki/keys';
import { encodePem, readCertificates } from '../../pki/pem';
import * as truststore from '../../pki/truststore';
import { randomSerialNumber, signCertificate } from '../../sandbox/x509/certificate';
import { encodeDistinguishedName } from '../../sandbox/x509/names';
import { clientExtensions, rootAuthorityExtensions } from '../../sandbox/x509/profiles';
import { testWith } from '../programs';
import { type Authority, createClient, createRoot, createSubordinate, days, validFor } from './authorities';

const testWithOpenssl = testWith('openssl');
const now = new Date();

function truststoreBundle(texts: readonly string[], at: Date): string {
  return truststore.truststoreBundle(texts, at, API_GATEWAY_LIMITS);
}

let root: Authority;
let subordinate: Authority;
beforeAll(async () => {
  root = await createRoot('Root');
  subordinate = await createSubordinate(root, 'Issuer');
});

test('the bundle holds every certificate once, in the order given, and nothing else', async () => {
  const other = await createRoot('Other', { keyAlgorithm: 'RSA_2048' });
  const bundle = truststoreBundle([`Issuer and root:\r\n${subordinate.pem}${root.pem}`, other.pem.trimEnd()], now);
  expect(bundle).toBe(subordinate.pem + root.pem + other.pem);
});

test('the same authorities give the same bundle', () => {
  const once = truststoreBundle([subordinate.pem + root.pem], now);
  expect(truststoreBundle([once], now)).toBe(once);
});

test.each([
  ['no text', [], 'a truststore needs at least one certificate authority'],
  ['a text without PEM', ['hello'], 'certificate authority 1 cannot be read: there is no PEM block'],
])('refuses %s', (_name, texts, message) => {
  expect(() => truststoreBundle(texts, now)).toThrow(message);
});

test('refuses a private key beside the certificate, and never repeats it', () => {
  const key = privateKeyPem(root.privateKey);
  const publish = () => truststoreBundle([root.pem + key], now);
  expect(publish).toThrow(truststore.TruststoreError);
  expect(publish).toThrow(/^certificate authority 1 cannot be read: the text contains a private key[^M]*$/);
});

test('refuses an end-entity certificate', async () => {
  const client = await createClient(root, 'mail');
  expect(() => truststoreBundle([client.pem, root.pem], now)).toThrow(
    `the certificate "CN=mail" is not a CA certificate: it needs basic constraints CA:TRUE`,
  );
});

test('refuses an authority whose key must not sign certificates', () => {
  const subject = encodeDistinguishedName({ commonName: 'Odd' });
  const [, , keyUsage] = clientExtensions({ uris: ['spiffe://example.com/x'], dnsNames: [] });
  const [basicConstraints] = rootAuthorityExtensions();
  const odd = signCertificate({
    ...validFor(1),
    serialNumber: randomSerialNumber(),
    subject,
    issuer: subject,
    publicKey: createPublicKey(root.privateKey),
    extensions: [basicConstraints, keyUsage].flatMap((extension) => extension ?? []),
    signingKey: root.privateKey,
    signingAlgorithm: 'SHA256WITHECDSA',
  });
  expect(() => truststoreBundle([odd], now)).toThrow(
    /^the certificate "CN=Odd" is not a CA certificate: .* and a key usage that includes keyCertSign$/,
  );
});

test('refuses what has expired and what is not valid yet', () => {
  const at = (offset: number) => () => truststoreBundle([root.pem], new Date(now.getTime() + offset));
  expect(at(days(4000))).toThrow(/^the certificate "O=Example, CN=Root" expired at .*Z: remove or replace it$/);
  expect(at(-days(1))).toThrow(/^the certificate "O=Example, CN=Root" is not valid before /);
});

test('refuses an authority without the authorities above it', () => {
  expect(() => truststoreBundle([subordinate.pem], now)).toThrow(
    'the certificate "O=Example, CN=Issuer" was issued by "O=Example, CN=Root", which is missing: add every authority up to the root',
  );
});

test('refuses an authority beside a root that only copies its issuer’s name', async () => {
  const impostor = await createRoot('Root');
  expect(() => truststoreBundle([subordinate.pem, impostor.pem], now)).toThrow('which is missing');
});

test('accepts four authorities in a chain, and no fifth', async () => {
  const second = await createSubordinate(root, 'Second', { pathLength: 3 });
  const third = await createSubordinate(second, 'Third', { pathLength: 2 });
  const fourth = await createSubordinate(third, 'Fourth', { pathLength: 1 });
  const fifth = await createSubordinate(fourth, 'Fifth', { pathLength: 0 });
  const four = [fourth.pem, third.pem, second.pem, root.pem];
  expect(readCertificates(truststoreBundle(four, now))).toHaveLength(4);
  expect(() => truststoreBundle([fifth.pem, ...four], now)).toThrow(
    'the certificate "O=Example, CN=Fifth" has a chain of 5 authorities: API Gateway accepts at most 4',
  );
});

test('refuses an authority below one that allows none', async () => {
  const below = await createSubordinate(subordinate, 'Below');
  expect(() => truststoreBundle([below.pem, subordinate.pem, root.pem], now)).toThrow(
    'the certificate "O=Example, CN=Issuer" allows 0 authorities below it (path length), got 1',
  );
});

test('holds a certificate once that stands in several chains, however it is written', () => {
  const chains = [subordinate.pem + root.pem, `again\n${root.pem.replaceAll('\n', '\r\n')}`];
  const subjects = readCertificates(truststoreBundle(chains, now)).map(({ subject }) => subject);
  expect(subjects).toEqual(['O=Example\nCN=Issuer', 'O=Example\nCN=Root']);
});

test('of several texts, the authorities that are valid and lead to a root remain', async () => {
  const expired = await createRoot('Expired', {
    validity: { notBefore: new Date(Date.now() - days(2)), notAfter: new Date(Date.now() - days(1)) },
  });
  const orphan = await createSubordinate(await createRoot('Absent'), 'Orphan');
  const issuing = await createSubordinate(root, 'Issuing');
  const texts = [issuing.pem + root.pem, expired.pem, orphan.pem];

  expect(truststore.validAuthorities(texts, new Date())).toEqual([issuing.pem, root.pem]);
  expect(truststore.validAuthorities(texts, new Date(Date.now() - days(1.5)))).toEqual([expired.pem]);
  expect(truststore.validAuthorities([], new Date())).toEqual([]);
  expect(() => truststore.validAuthorities([root.pem, 'no certificate'], new Date())).toThrow(
    'certificate authority 2 cannot be read',
  );
});

test('refuses one subject for two keys', async () => {
  const other = await createRoot('Root');
  expect(() => truststoreBundle([root.pem, other.pem], now)).toThrow(
    'the certificate "O=Example, CN=Root" has the same subject as another one: API Gateway accepts one certificate of each',
  );
});

test.each([
  ['with the same key', { organization: 'Example', commonName: 'Root' }],
  ['in other letters', { organization: 'EXAMPLE', commonName: 'root' }],
])('refuses a root beside its renewal %s', (_, name) => {
  const renewed = signCertificate({
    ...validFor(7300),
    serialNumber: randomSerialNumber(),
    subject: encodeDistinguishedName(name),
    issuer: encodeDistinguishedName(name),
    publicKey: createPublicKey(root.privateKey),
    extensions: rootAuthorityExtensions(),
    signingKey: root.privateKey,
    signingAlgorithm: 'SHA256WITHECDSA',
  });
  expect(() => truststoreBundle([root.pem, renewed], now)).toThrow('has the same subject as another one');
  expect(truststoreBundle([renewed], now)).toBe(renewed);
});

test('refuses more than API Gateway reads, and takes all but that', () => {
  const limits = { ...API_GATEWAY_LIMITS, largestBundle: root.pem.length };
  expect(truststore.truststoreBundle([root.pem], now, limits)).toBe(root.pem);
  expect(() => truststore.truststoreBundle([root.pem], now, { ...limits, largestBundle: root.pem.length - 1 })).toThrow(
    /^the truststore has \d+ bytes in 1 certificates: API Gateway accepts at most \d+, remove authorities/,
  );
});

test('refuses a root whose signature was tampered with', () => {
  const tampered = Buffer.from(root.certificate.raw);
  const last = tampered.length - 1;
  tampered[last] = (tampered[last] ?? 0) ^ 1;
  expect(() => truststoreBundle([encodePem('CERTIFICATE', tampered)], now)).toThrow(
    'the certificate "O=Example, CN=Root" is a root whose signature does not verify',
  );
});

describe('roots of others', () => {
  const WEAK_SIGNATURE = 'is not signed with RSA or ECDSA and SHA-256, SHA-384, or SHA-512, as API Gateway demands';
  const PSS = ['-sigopt', 'rsa_padding_mode:pss'];

  function opensslRoot(args: readonly string[]): string {
    const output = ['-nodes', '-keyout', devNull, '-subj', '/CN=Foreign'];
    return spawnSync('openssl', ['req', '-x509', ...args, ...output], { encoding: 'utf8' }).stdout;
  }

  type PeculiarAlgorithm = webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams | webcrypto.Algorithm;

  async function peculiarRoot(algorithm: PeculiarAlgorithm): Promise<string> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    if (!('privateKey' in keys)) throw new Error('the algorithm makes no key pair');
    const certificate = await X509CertificateGenerator.createSelfSigned({
      ...validFor(1),
      name: 'CN=Foreign',
      keys,
      signingAlgorithm: algorithm,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    return certificate.toString('pem');
  }
  const rsa = (modulusLength: number, hash: string) => {
    return { name: 'RSASSA-PKCS1-v1_5', modulusLength, publicExponent: Uint8Array.of(1, 0, 1), hash };
  };
  const ecdsa = (namedCurve: string, hash: string) => ({ name: 'ECDSA', namedCurve, hash });

  test.each([
    ['RSA 2048 with SHA-256', rsa(2048, 'SHA-256')],
    ['P-256 with SHA-384', ecdsa('P-256', 'SHA-384')],
    ['P-521 with SHA-512', ecdsa('P-521', 'SHA-512')],
  ])('are accepted by %s, without key usage too', async (_name, algorithm) => {
    const pem = await peculiarRoot(algorithm);
    expect(new X509Certificate(truststoreBundle([pem], now)).subject).toBe('CN=Foreign');
  });

  test.each([
    ['an RSA key of 1024 bits', rsa(1024, 'SHA-256'), 'has an RSA key of 1024 bits: API Gateway accepts RSA of 2048'],
    ['SHA-1 and RSA', rsa(2048, 'SHA-1'), WEAK_SIGNATURE],
    ['SHA-1 and ECDSA', ecdsa('P-256', 'SHA-1'), WEAK_SIGNATURE],
    ['Ed25519', { name: 'Ed25519' }, 'has a key of type ed25519: API Gateway accepts RSA of 2048'],
  ])('are refused with %s', async (_name, algorithm, message) => {
    const pem = await peculiarRoot(algorithm);
    expect(() => truststoreBundle([pem], now)).toThrow(`the certificate "CN=Foreign" ${message}`);
  });

  test('are refused with an RSA exponent of 1, with which everyone can sign', async () => {
    const authority = await createRoot('Foreign', { keyAlgorithm: 'RSA_2048' });
    expect(() => truststoreBundle([withExponentOne(authority)], now)).toThrow(
      'has an RSA key with the exponent 1: API Gateway accepts RSA of 2048 bits or more',
    );
  });

  testWithOpenssl.each(['-sha256', '-sha384', '-sha512'])(
    'are accepted with RSASSA-PSS and %s, as in the certificates of their clients',
    (hash) => {
      const pem = opensslRoot(['-newkey', 'rsa:2048', hash, ...PSS]);
      expect(truststoreBundle([pem], new Date(Date.now() + days(1)))).toBe(pem);
    },
  );

  testWithOpenssl.each([
    ['a P-224 key', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp224r1'], 'has an ECDSA key on secp224r1'],
    ['MD5', ['-newkey', 'rsa:2048', '-md5'], WEAK_SIGNATURE],
    ['SHA-1 and RSASSA-PSS', ['-newkey', 'rsa:2048', '-sha1', ...PSS], WEAK_SIGNATURE],
  ])('are refused with %s (made by openssl)', (_name, args, message) => {
    const soon = new Date(Date.now() + days(1));
    expect(() => truststoreBundle([opensslRoot(args)], soon)).toThrow(`the certificate "CN=Foreign" ${message}`);
  });
});

/** The certificate with another exponent, signed without the private key. */
function withExponentOne({ certificate }: Authority): string {
  const forged = AsnConvert.parse(certificate.raw, Certificate);
  const jwk = { ...certificate.publicKey.export({ format: 'jwk' }), e: 'AQ' };
  const key = createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' });
  forged.tbsCertificate.subjectPublicKeyInfo = AsnConvert.parse(key, SubjectPublicKeyInfo);
  const hash = createHash('sha256')
    .update(new Uint8Array(AsnConvert.serialize(forged.tbsCertificate)))
    .digest();
  // DigestInfo of SHA-256, padded to the length of the modulus (RFC 8017, section 9.2).
  const digestInfo = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), hash]);
  const padding = Buffer.alloc(256 - 3 - digestInfo.length, 0xff);
  const signature = Buffer.concat([Buffer.of(0, 1), padding, Buffer.of(0), digestInfo]);
  forged.signatureValue = new Uint8Array(signature).buffer;
  delete forged.tbsCertificateRaw;
  return encodePem('CERTIFICATE', Buffer.from(AsnConvert.serialize(forged)));
}
