import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { weaknessOf } from '../../pki/strength';
import { testWith } from '../programs';
import { type Authority, createRoot } from './authorities';

const testWithOpenssl = testWith('openssl');

const WEAK_SIGNATURE = 'is not signed with RSA or ECDSA and SHA-256, SHA-384, or SHA-512';
const UNREADABLE = 'has a signature algorithm that cannot be read';

let root: Authority;

beforeAll(async () => {
  root = await createRoot('Root');
});

/** What `weaknessOf` reads of a certificate, with parts that no authority would sign. */
const weaknessWith = (parts: { readonly publicKey?: KeyObject; readonly raw?: Uint8Array }) =>
  weaknessOf({ publicKey: root.certificate.publicKey, raw: root.certificate.raw, ...parts } as X509Certificate);

test.each(['EC_prime256v1', 'EC_secp384r1', 'RSA_2048'] as const)(
  'a certificate with a key of %s is strong',
  async (keyAlgorithm) => {
    const { certificate } = await createRoot('Root', { keyAlgorithm });

    expect(weaknessOf(certificate)).toBeUndefined();
  },
);

const rsa = (modulusLength: number, publicExponent?: number) =>
  generateKeyPairSync('rsa', { modulusLength, ...(publicExponent && { publicExponent }) }).publicKey;
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey;
const ofType = (asymmetricKeyType: string, asymmetricKeyDetails?: object) =>
  ({ asymmetricKeyType, asymmetricKeyDetails }) as KeyObject;

test.each<[string, () => KeyObject]>([
  ['P-521', () => ec('secp521r1')],
  ['RSA of 4096 bits', () => rsa(4096)],
  ['RSA with the exponent 3', () => rsa(2048, 3)],
])('a key is strong: %s', (_key, publicKey) => {
  expect(weaknessWith({ publicKey: publicKey() })).toBeUndefined();
});

test.each<[string, () => KeyObject]>([
  ['has an RSA key of 1024 bits', () => rsa(1024)],
  ['has an RSA key of 2047 bits', () => rsa(2047)],
  ['has an RSA key with the exponent 1', () => ofType('rsa', { modulusLength: 4096, publicExponent: 1n })],
  ['has an RSA key of 0 bits', () => ofType('rsa')],
  ['has an ECDSA key on secp224r1', () => ec('secp224r1')],
  ['has an ECDSA key on secp256k1', () => ec('secp256k1')],
  ['has an ECDSA key on brainpoolP256r1', () => ec('brainpoolP256r1')],
  ['has an ECDSA key on a curve without a name', () => ofType('ec', {})],
  ['has an ECDSA key on __proto__', () => ofType('ec', { namedCurve: '__proto__' })],
  ['has a key of type ed25519', () => generateKeyPairSync('ed25519').publicKey],
  ['has a key of type rsa-pss', () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey],
  ['has a key of type dsa', () => generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).publicKey],
])('a key is weak: %s', (weakness, publicKey) => {
  expect(weaknessWith({ publicKey: publicKey() })).toBe(weakness);
});

test('a key that can’t be read is weak', () => {
  const certificate = {
    get publicKey(): never {
      throw new Error('unsupported');
    },
    raw: root.certificate.raw,
  };

  expect(weaknessOf(certificate as unknown as X509Certificate)).toBe('has a key of type unknown');
});

describe('the signature algorithm', () => {
  const element = (tag: number, ...contents: readonly Buffer[]): Buffer => {
    const content = Buffer.concat(contents);
    const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
    return Buffer.concat([Buffer.from([tag, ...length]), content]);
  };
  const oid = (octets: string) => element(0x06, Buffer.from(octets, 'hex'));
  const sequence = (...contents: readonly Buffer[]) => element(0x30, ...contents);
  const NULL = Buffer.from('0500', 'hex');
  /** The frame of a certificate around a `signatureAlgorithm`. */
  const certificateWith = (algorithm: Buffer) =>
    sequence(sequence(Buffer.alloc(300)), algorithm, element(0x03, Buffer.alloc(71)));
  const PSS = oid('2a864886f70d01010a');
  const pss = (hash: string) => sequence(PSS, sequence(element(0xa0, sequence(oid(hash), NULL))));

  test.each([
    ['ECDSA with SHA-256', sequence(oid('2a8648ce3d040302'))],
    ['ECDSA with SHA-384', sequence(oid('2a8648ce3d040303'))],
    ['ECDSA with SHA-512', sequence(oid('2a8648ce3d040304'))],
    ['RSA with SHA-256', sequence(oid('2a864886f70d01010b'), NULL)],
    ['RSA with SHA-384', sequence(oid('2a864886f70d01010c'), NULL)],
    ['RSA with SHA-512', sequence(oid('2a864886f70d01010d'), NULL)],
    ['RSASSA-PSS with SHA-256', pss('608648016503040201')],
    ['RSASSA-PSS with SHA-512', pss('608648016503040203')],
  ])('is strong: %s', (_name, algorithm) => {
    expect(weaknessWith({ raw: certificateWith(algorithm) })).toBeUndefined();
  });

  test.each([
    ['ECDSA with SHA-1', sequence(oid('2a8648ce3d0401'))],
    ['ECDSA with SHA-224', sequence(oid('2a8648ce3d040301'))],
    ['RSA with SHA-1', sequence(oid('2a864886f70d010105'), NULL)],
    ['RSA with MD5', sequence(oid('2a864886f70d010104'), NULL)],
    ['RSA with MD2', sequence(oid('2a864886f70d010102'), NULL)],
    ['RSA with SHA-224', sequence(oid('2a864886f70d01010e'), NULL)],
    ['DSA with SHA-256', sequence(oid('608648016503040302'))],
    ['Ed25519', sequence(oid('2b6570'))],
    ['RSASSA-PSS with SHA-1', pss('2b0e03021a')],
    ['RSASSA-PSS with MD5', pss('2a864886f70d0205')],
    ['RSASSA-PSS without parameters', sequence(PSS)],
    ['RSASSA-PSS with the default hash, SHA-1', sequence(PSS, sequence())],
    [
      'RSASSA-PSS with a hash in the place of the mask',
      sequence(PSS, sequence(element(0xa1, sequence(oid('608648016503040201'))))),
    ],
    ['RSASSA-PSS with parameters that are none', sequence(PSS, NULL)],
    ['no identifier’s octets', sequence(oid(''))],
    ['more octets than the identifier has', sequence(oid('2a8648ce3d04030200'))],
  ])('is weak: %s', (_name, algorithm) => {
    expect(weaknessWith({ raw: certificateWith(algorithm) })).toBe(WEAK_SIGNATURE);
  });

  const strong = sequence(oid('2a8648ce3d040302'));
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['one octet', Buffer.from([0x30])],
    ['an empty certificate', sequence()],
    ['a certificate that is a set', element(0x31, sequence(), strong)],
    ['no algorithm', sequence(sequence())],
    ['an algorithm that is a set', certificateWith(element(0x31, oid('2a8648ce3d040302')))],
    ['an empty algorithm', certificateWith(sequence())],
    ['an algorithm that begins with a null', certificateWith(sequence(NULL, oid('2a8648ce3d040302')))],
    ['an indefinite length', Buffer.concat([Buffer.from('3080', 'hex'), sequence(), strong, Buffer.alloc(2)])],
    ['a length of many octets', Buffer.concat([Buffer.from('3084', 'hex'), Buffer.from('7fffffff', 'hex'), strong])],
    ['a reserved length', Buffer.concat([Buffer.from('30ff', 'hex'), Buffer.alloc(127), strong])],
    ['a length beyond the end', Buffer.concat([Buffer.from('3083ffffff', 'hex'), sequence(), strong])],
    ['a part that is longer than the whole', Buffer.from('30043050300a', 'hex')],
    ['an algorithm longer than the certificate', sequence(sequence(), Buffer.from('3050', 'hex'))],
  ])('cannot be read from %s', (_name, raw) => {
    expect(weaknessWith({ raw })).toBe(UNREADABLE);
  });

  test('is weak or strong, and nothing else, in a certificate that is cut anywhere', () => {
    for (let length = 0; length < root.certificate.raw.length; length++) {
      expect(weaknessWith({ raw: root.certificate.raw.subarray(0, length) })).toBe(UNREADABLE);
    }
  });

  test('is never strong in random octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
        expect(weaknessWith({ raw: Buffer.concat([Buffer.from([0x30]), octets]) })).toBeDefined();
      }),
    );
  });
});

testWithOpenssl.each([
  ['-newkey rsa:2048 -sha256', undefined],
  ['-newkey rsa:2048 -sha256 -sigopt rsa_padding_mode:pss', undefined],
  ['-newkey ec -pkeyopt ec_paramgen_curve:P-521 -sha512', undefined],
  ['-newkey rsa:1024 -sha256', 'has an RSA key of 1024 bits'],
  ['-newkey rsa:2048 -sha1', WEAK_SIGNATURE],
  ['-newkey rsa:2048 -md5', WEAK_SIGNATURE],
  ['-newkey rsa:2048 -sha1 -sigopt rsa_padding_mode:pss', WEAK_SIGNATURE],
  ['-newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha1', WEAK_SIGNATURE],
  ['-newkey ec -pkeyopt ec_paramgen_curve:P-224 -sha256', 'has an ECDSA key on secp224r1'],
  ['-newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -sha256', 'has an ECDSA key on secp256k1'],
  ['-newkey ed25519', 'has a key of type ed25519'],
])('a certificate by `openssl req %s` has the weakness %s', (args, weakness) => {
  const output = ['-nodes', '-keyout', '/dev/null', '-subj', '/CN=client'];
  const { stdout } = spawnSync('openssl', ['req', '-x509', ...args.split(' '), ...output], { encoding: 'utf8' });

  expect(weaknessOf(new X509Certificate(stdout))).toBe(weakness);
});
