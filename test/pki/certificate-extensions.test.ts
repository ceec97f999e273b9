import type { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { extensionProblem } from '../../pki/certificate-extensions';
import { createClient, createPlain, createRoot, createSubordinate } from './authorities';

/** DER of an element. Its contents are shorter than 128 octets. */
const der = (tag: number, ...contents: readonly Uint8Array[]) =>
  Buffer.concat([Buffer.of(tag, Buffer.concat(contents).length), ...contents]);
const extension = (oid: string, critical?: number) =>
  der(
    0x30,
    der(0x06, Buffer.from(oid, 'hex')),
    ...(critical === undefined ? [] : [der(0x01, Buffer.of(critical))]),
    der(0x04, der(0x05)),
  );
const certificateWith = (...extensions: readonly Uint8Array[]) => {
  const tbsCertificate = der(
    0x30,
    der(0xa0, Buffer.of(2)),
    der(0x02, Buffer.of(1)),
    der(0xa3, der(0x30, ...extensions)),
  );
  return { raw: der(0x30, tbsCertificate) } as unknown as X509Certificate;
};

const UNKNOWN = '2b060104';
const KEY_USAGE = '551d0f';

test('the extensions of certificates in use can be honored', async () => {
  const root = await createRoot('Root');
  const issuing = await createSubordinate(root, 'Issuing');
  const { certificate } = await createClient(issuing, 'mail', { dnsNames: ['mail.example.com'] });
  for (const good of [root.certificate, issuing.certificate, certificate])
    expect(extensionProblem(good)).toBeUndefined();
});

test.each(['551d0f', '551d11', '551d13', '551d20', '551d25'])('a critical extension is known: %s', (oid) => {
  expect(extensionProblem(certificateWith(extension(oid, 0xff)))).toBeUndefined();
});

test('an unknown extension matters only if it is critical', () => {
  expect(extensionProblem(certificateWith(extension(UNKNOWN)))).toBeUndefined();
  expect(extensionProblem(certificateWith(extension(UNKNOWN, 0)))).toBeUndefined();
});

test.each([0xff, 0x01])('an unknown extension is refused if it is critical, which octet %d also means', (critical) => {
  expect(extensionProblem(certificateWith(extension(KEY_USAGE, 0xff), extension(UNKNOWN, critical)))).toBe(
    'has a critical extension that the mesh does not process, with the OID 0x2b060104',
  );
});

test('name constraints are for authorities only', () => {
  expect(extensionProblem(certificateWith(extension('551d1e', 0xff)))).toMatch('0x551d1e');
});

test('an extension that appears twice is refused, whatever it is', () => {
  for (const oid of [UNKNOWN, '551d11']) {
    expect(extensionProblem(certificateWith(extension(oid), extension(KEY_USAGE), extension(oid)))).toBe(
      `has the extension with the OID 0x${oid} more than once`,
    );
  }
});

test.each<[string, Uint8Array]>([
  ['nothing', Buffer.of()],
  ['half a certificate', certificateWith(extension(KEY_USAGE)).raw.subarray(0, 12)],
  ['no list', der(0x30, der(0x30, der(0xa3, der(0x02))))],
  ['an extension that is no sequence', certificateWith(der(0x31, der(0x06, Buffer.of(1)))).raw],
  ['an extension without an identifier', certificateWith(der(0x30, der(0x04))).raw],
  ['an empty extension', certificateWith(der(0x30)).raw],
  ['an extension that does not fit', certificateWith(Buffer.from('3006060155aa', 'hex')).raw],
])('extensions that cannot be read are refused: %s', (_what, raw) => {
  expect(extensionProblem({ raw } as X509Certificate)).toBe('has extensions that cannot be read');
});

test('a certificate without extensions has none that cannot be honored', async () => {
  const root = await createRoot('Root');
  const { certificate } = await createPlain(root, 'mail', root.privateKey);
  expect(extensionProblem(certificate)).toBeUndefined();
  expect(extensionProblem({ raw: der(0x30, der(0x30, der(0x02, Buffer.of(1)))) } as unknown as X509Certificate)).toBe(
    undefined,
  );
});

test('whatever the octets are, the answer is a sentence or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (raw) => {
      const problem = extensionProblem({ raw } as unknown as X509Certificate);
      expect([undefined, expect.any(String)]).toContainEqual(problem);
    }),
  );
});
