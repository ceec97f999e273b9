import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { signRootCertificate, signSubordinateCertificate } from '../../pki/certificate-signing';
import { randomSerialNumber } from '../../pki/certificate-values';
import { der, derInteger, derObjectIdentifier, readElement, readElements, Tag } from '../../pki/der';
import type { KeyAlgorithm } from '../../pki/keys';
import { encodePem } from '../../pki/pem';
import { CRL_REASONS, type CrlReason, type RevocationListEntry, signRevocationList } from '../../pki/revocation-list';
import { RevocationListError, readRevocationList, readRevocationLists } from '../../pki/revocation-list-reader';
import { createClient, createRoot as createSandboxRoot, validFor } from './authorities';
import { createSigner, type LocalSigner } from './local-signer';

const { signal } = new AbortController();
const UPDATES = { thisUpdate: new Date('2026-03-01T00:00:00Z'), nextUpdate: new Date('2050-03-08T00:00:00Z') };

let signer: LocalSigner;
let root: X509Certificate;

beforeAll(async () => {
  signer = await createSigner();
  root = await createRoot(signer);
});

async function createRoot(by: LocalSigner, commonName = 'Root'): Promise<X509Certificate> {
  return new X509Certificate(await signRootCertificate({ subject: { commonName }, ...validFor(3650) }, by, signal));
}

function signList(entries: readonly RevocationListEntry[] = [], number = 1n): Promise<Buffer> {
  return signRevocationList({ issuer: root, number, entries, ...UPDATES }, signer, signal);
}

const entryOf = (serialNumber: string, reason: CrlReason = 'SUPERSEDED') => ({
  serialNumber,
  revokedAt: new Date('2026-02-03T04:05:06Z'),
  reason,
});

test('reads the fields of an empty list', async () => {
  const list = readRevocationList(await signList([], 7n));
  expect(list).toMatchObject({ ...UPDATES, signingAlgorithm: 'SHA256WITHECDSA', number: 7n, entries: [] });
  const { subjectName } = new x509.X509Certificate(root.raw);
  expect(Buffer.from(list.issuer)).toEqual(Buffer.from(subjectName.toArrayBuffer()));
  expect(() => list.verify(root)).not.toThrow();
});

test.each<KeyAlgorithm>(['EC_secp384r1', 'RSA_2048'])('verifies a list of a key of %s', async (keyAlgorithm) => {
  const by = await createSigner(keyAlgorithm);
  const issuer = await createRoot(by);
  const list = readRevocationList(
    await signRevocationList({ issuer, number: 1n, entries: [entryOf('0A')], ...UPDATES }, by, signal),
  );
  expect(() => list.verify(issuer)).not.toThrow();
});

describe('the lists of a PEM text', () => {
  test('are read in their order, whatever is around them, and know their octets', async () => {
    const lists = [await signList([], 1n), await signList([entryOf('0A')], 2n)];
    const pem = lists.map((list) => `# remark\n${encodePem('X509 CRL', list)}`).join('');
    const read = readRevocationLists(pem);
    expect(read.map(({ number }) => number)).toEqual([1n, 2n]);
    expect(read.map(({ raw }) => Buffer.from(raw))).toEqual(lists);
  });

  test('know whether they name an authority as their issuer', async () => {
    const list = readRevocationList(await signList());
    expect(list.isOf(root)).toBe(true);
    // Of the same name with another key, and of the same key with another name.
    expect(list.isOf(await createRoot(await createSigner()))).toBe(false);
    expect(list.isOf(await createRoot(signer, 'Other'))).toBe(false);
    const client = await createClient(await createSandboxRoot('Root'), 'mail');
    expect(list.isOf(client.certificate)).toBe(false);
  });

  test.each([
    ['no block', () => 'remark', 'PEM blocks "X509 CRL", and no others'],
    ['a certificate beside them', (list: string) => list + encodePem('CERTIFICATE', root.raw), 'and no others'],
    ['a block without an end', (list: string) => list.slice(0, 60), 'the list is not PEM'],
    ['a broken list after a good one', (list: string) => list + encodePem('X509 CRL', Buffer.of(48, 0)), 'in DER'],
  ])('are not read from a text with %s', async (_name, change, reason) => {
    const pem = change(encodePem('X509 CRL', await signList()));
    expect(() => readRevocationLists(pem)).toThrow(reason);
    expect(() => readRevocationLists(pem)).toThrow(RevocationListError);
  });
});

test('reads what was signed, in DER and in PEM', async () => {
  const entry = fc.record({
    serialNumber: fc
      .bigInt({ min: 1n, max: (1n << 159n) - 1n })
      .map((value) => value.toString(16).toUpperCase())
      .map((digits) => digits.padStart(digits.length + (digits.length % 2), '0')),
    revokedAt: fc
      .date({ min: new Date('1950-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
      .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000)),
    reason: fc.constantFrom(...(Object.keys(CRL_REASONS) as CrlReason[])),
  });
  const entries = fc.uniqueArray(entry, { selector: ({ serialNumber }) => serialNumber, maxLength: 30 });
  const number = fc.bigInt({ min: 0n, max: (1n << 159n) - 1n });
  await fc.assert(
    fc.asyncProperty(entries, number, async (entries, number) => {
      const list = await signList(entries, number);
      expect(readRevocationList(list)).toMatchObject({ ...UPDATES, number, entries });
      expect(readRevocationList(encodePem('X509 CRL', list)).entries).toEqual(entries);
    }),
    { numRuns: 50 },
  );
});

test('reads lists of megabytes, in DER and in PEM', async () => {
  const entries = Array.from({ length: 150_000 }, () => entryOf(randomSerialNumber()));
  const list = await signList(entries);
  expect(list.length).toBeGreaterThan(7_000_000);
  expect(readRevocationList(list).entries).toHaveLength(150_000);
  expect(readRevocationList(encodePem('X509 CRL', list)).entries).toHaveLength(150_000);
});

describe('a list does not verify', () => {
  test('with an authority of another name or another key', async () => {
    const list = readRevocationList(await signList());
    for (const other of [await createRoot(signer, 'Other'), await createRoot(await createSigner())]) {
      expect(() => list.verify(other)).toThrow('the list is of another issuer');
    }
  });

  test('with a key that has the name and the identifier of the issuer', async () => {
    // The identifier is copied from a certificate, so it says nothing about the key.
    const list = await signList();
    const [content, algorithm] = contentsOf(list);
    const forged = await (await createSigner()).sign(Buffer.alloc(32));
    const other = der(Tag.sequence, content, algorithm, der(Tag.bitString, Buffer.of(0), forged));
    expect(() => readRevocationList(other).verify(root)).toThrow("does not verify with the issuer's key");
  });

  test('after any bit of it changed', async () => {
    const list = await signList([entryOf('0A'), entryOf('0B', 'UNSPECIFIED')]);
    for (let bit = 0; bit < list.length * 8; bit += 1) {
      const changed = Buffer.from(list);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => readRevocationList(changed).verify(root)).toThrow(RevocationListError);
    }
  });

  test('with a client, or with an authority that may not sign lists', async () => {
    const list = readRevocationList(await signList());
    const { certificate } = await createClient(await createSandboxRoot('Root'), 'mail');
    expect(() => list.verify(certificate)).toThrow('the certificate is not of an authority that may sign lists');
  });
});

describe('a list is refused', () => {
  const EXTENSION = {
    number: (value = 1) => extensionOf('2.5.29.20', derInteger(value)),
    authority: () => extensionOf('2.5.29.35', der(Tag.sequence, der(0x80, Buffer.of(1)))),
  };
  const extensionOf = (oid: string, value: Uint8Array, critical = false) =>
    der(
      Tag.sequence,
      derObjectIdentifier(oid),
      critical ? der(Tag.boolean, Buffer.of(0xff)) : Buffer.of(),
      der(Tag.octetString, value),
    );
  const explicit = (...extensions: Buffer[]) => der(Tag.context0, der(Tag.sequence, ...extensions));
  const ALGORITHM = der(Tag.sequence, derObjectIdentifier('1.2.840.10045.4.3.2'));
  const TIME = der(Tag.utcTime, Buffer.from('260301000000Z'));
  const USUAL = [EXTENSION.authority(), EXTENSION.number()];
  const entryWith = (...parts: Buffer[]) => der(Tag.sequence, der(Tag.sequence, ...parts));
  const reasonOf = (code: Buffer) => der(Tag.sequence, extensionOf('2.5.29.21', code));

  interface Parts {
    readonly version?: Buffer;
    readonly algorithm?: Buffer;
    readonly outerAlgorithm?: Buffer;
    readonly times?: readonly Buffer[];
    readonly rest?: readonly Buffer[];
    readonly signature?: Buffer;
  }

  function listOf(parts: Parts): Buffer {
    const { version = derInteger(1), algorithm = ALGORITHM, times = [TIME, TIME], rest = [explicit(...USUAL)] } = parts;
    const content = der(Tag.sequence, version, algorithm, der(Tag.sequence), ...times, ...rest);
    const signature = parts.signature ?? der(Tag.bitString, Buffer.of(0, 1));
    return der(Tag.sequence, content, parts.outerAlgorithm ?? algorithm, signature);
  }

  test('not if it is such a structure without anything wrong', () => {
    const rest = [entryWith(derInteger(1), TIME), explicit(...USUAL)];
    expect(readRevocationList(listOf({ rest })).entries).toHaveLength(1);
  });

  const [SHA_1, ENTRY] = [derObjectIdentifier('1.2.840.10045.4.1'), [derInteger(1), TIME]];

  test.each<[string, Parts, string]>([
    ['version 1', { version: derInteger(0) }, 'must be of version 2'],
    ['no version', { version: Buffer.of() }, 'must be of version 2'],
    ['a signature with SHA-1', { algorithm: der(Tag.sequence, SHA_1) }, 'must be signed with'],
    ['two algorithms', { outerAlgorithm: der(Tag.sequence, SHA_1) }, 'names two signature algorithms'],
    ['unused bits in its signature', { signature: der(Tag.bitString, Buffer.of(1, 2)) }, 'is not a signed structure'],
    ['no signature', { signature: Buffer.of() }, 'is not a signed structure'],
    ['no next update', { times: [TIME] }, 'must have the times'],
    ['a time that is none', { times: [TIME, der(Tag.utcTime, Buffer.from('260230000000Z'))] }, 'must have the times'],
    ['no extensions', { rest: [] }, 'is not a TBSCertList'],
    ['an empty list of extensions', { rest: [explicit()] }, 'has extensions that cannot be read'],
    ['something after its extensions', { rest: [explicit(...USUAL), der(Tag.null)] }, 'is not a TBSCertList'],
    ['no number', { rest: [explicit(EXTENSION.authority())] }, 'must have a number'],
    [
      'a negative number',
      { rest: [explicit(EXTENSION.authority(), extensionOf('2.5.29.20', der(Tag.integer, Buffer.of(0xff))))] },
      'must have a number',
    ],
    [
      'a number of 100,000 octets',
      { rest: [explicit(EXTENSION.authority(), extensionOf('2.5.29.20', der(Tag.integer, Buffer.alloc(100_000, 1))))] },
      'must have a number',
    ],
    ['no authority key identifier', { rest: [explicit(EXTENSION.number())] }, 'must have an authority key identifier'],
    ['two numbers', { rest: [explicit(...USUAL, EXTENSION.number(2))] }, 'has an extension more than once'],
    [
      'an unknown critical extension',
      { rest: [explicit(...USUAL, extensionOf('1.2.3', der(Tag.null), true))] },
      'unknown critical extension, with the OID 0x2a03',
    ],
    ['a delta', { rest: [explicit(...USUAL, extensionOf('2.5.29.27', derInteger(1)))] }, 'must cover all certificates'],
    [
      'an issuing distribution point',
      { rest: [explicit(...USUAL, extensionOf('2.5.29.28', der(Tag.sequence)))] },
      'must cover all certificates',
    ],
    ['an empty list of entries', { rest: [der(Tag.sequence), explicit(...USUAL)] }, 'has entries that cannot be read'],
    ['two lists of entries', { rest: [entryWith(...ENTRY), entryWith(...ENTRY), explicit(...USUAL)] }, 'TBSCertList'],
    [
      'a certificate twice',
      { rest: [der(Tag.sequence, der(Tag.sequence, ...ENTRY), der(Tag.sequence, ...ENTRY)), explicit(...USUAL)] },
      'has a certificate more than once',
    ],
    ['an entry without time', { rest: [entryWith(derInteger(1)), explicit(...USUAL)] }, 'has an entry that cannot'],
    ['the serial number 0', { rest: [entryWith(derInteger(0), TIME), explicit(...USUAL)] }, 'has an entry that cannot'],
    [
      'a serial number that is not DER',
      { rest: [entryWith(der(Tag.integer, Buffer.of(0, 1)), TIME), explicit(...USUAL)] },
      'has an entry that cannot',
    ],
    [
      'a serial number of 21 octets',
      { rest: [entryWith(der(Tag.integer, Buffer.alloc(21, 1)), TIME), explicit(...USUAL)] },
      'has an entry that cannot',
    ],
    [
      'an unknown reason',
      { rest: [entryWith(...ENTRY, reasonOf(der(Tag.enumerated, Buffer.of(7)))), explicit(...USUAL)] },
      'has an entry with an unknown reason',
    ],
    [
      'a reason of another type',
      { rest: [entryWith(...ENTRY, reasonOf(derInteger(1))), explicit(...USUAL)] },
      'has an entry with an unknown reason',
    ],
    [
      'an entry for the certificate of another issuer',
      {
        rest: [
          entryWith(...ENTRY, der(Tag.sequence, extensionOf('2.5.29.29', der(Tag.sequence), true))),
          explicit(...USUAL),
        ],
      },
      'unknown critical extension',
    ],
  ])('with %s', (_, parts, message) => {
    const refusal = expect.objectContaining({ name: 'RevocationListError', message: expect.stringContaining(message) });
    expect(() => readRevocationList(listOf(parts))).toThrow(refusal);
  });

  test('cut off anywhere, or followed by something', async () => {
    const list = await signList([entryOf('0A')]);
    for (let length = 0; length < list.length; length += 1) {
      expect(() => readRevocationList(list.subarray(0, length))).toThrow(RevocationListError);
    }
    expect(() => readRevocationList(Buffer.concat([list, Buffer.of(0)]))).toThrow(RevocationListError);
  });

  test.each([
    ['a huge length', Buffer.from('3084ffffffff', 'hex')],
    ['a length of nine octets', Buffer.from('308901ffffffffffffffff', 'hex')],
    ['an indefinite length', Buffer.from('30800000', 'hex')],
    ['a million nested elements', Buffer.alloc(2_000_000, Buffer.from('3080', 'hex'))],
    ['a million empty elements', der(Tag.sequence, Buffer.alloc(2_000_000, Buffer.from('3000', 'hex')))],
    ['zeros', Buffer.alloc(1_000_000)],
    ['nothing', Buffer.of()],
  ])('that is %s', (_, octets) => {
    expect(() => readRevocationList(octets)).toThrow(RevocationListError);
  });

  test.each([
    ['a certificate', () => root.toString()],
    ['two lists', async () => encodePem('X509 CRL', await signList()).repeat(2)],
    ['a list under another label', async () => encodePem('CERTIFICATE', await signList())],
    ['a block without end', async () => encodePem('X509 CRL', await signList()).slice(0, 200)],
    ['no text', () => ''],
  ])('in PEM that is %s', async (_, text) => {
    const pem = await text();
    expect(() => readRevocationList(pem)).toThrow(RevocationListError);
  });

  test('that is the certificate of a subordinate', async () => {
    const options = { issuer: root, subject: { commonName: 'Issuing' }, publicKey: (await createSigner()).publicKey };
    const pem = await signSubordinateCertificate({ ...options, pathLength: 0, ...validFor(30) }, signer, signal);
    expect(() => readRevocationList(new X509Certificate(pem).raw)).toThrow(RevocationListError);
  });
});

function contentsOf(list: Buffer): [Uint8Array, Uint8Array] {
  const [content, algorithm] = readElements(readElement(list)?.content ?? Buffer.of()) ?? [];
  return [content?.encoding ?? Buffer.of(), algorithm?.encoding ?? Buffer.of()];
}
