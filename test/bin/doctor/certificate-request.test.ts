import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { nameText, readServerRequest, subjectOf } from '../../../bin/doctor/certificate-request';
import { createRoot } from '../../pki/authorities';

/** A message of a handshake. */
function message(type: number, body: Buffer): Buffer {
  const header = Buffer.from([type, 0, 0, 0]);
  header.writeUIntBE(body.length, 1, 3);
  return Buffer.concat([header, body]);
}

/** As records of at most `size` octets. */
function records(octets: Buffer, size = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let start = 0; start < octets.length; start += size) {
    const part = octets.subarray(start, start + size);
    const header = Buffer.from([22, 3, 3, 0, 0]);
    header.writeUInt16BE(part.length, 3);
    parts.push(header, part);
  }
  return Buffer.concat(parts);
}

const sized = (octets: Buffer) => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(octets.length);
  return Buffer.concat([length, octets]);
};
const requestFor = (names: readonly Buffer[]) =>
  message(
    13,
    Buffer.concat([Buffer.from([1, 64]), sized(Buffer.from([4, 3])), sized(Buffer.concat(names.map(sized)))]),
  );
const CERTIFICATE = message(11, Buffer.alloc(3));

test('reads the names from a request, however the server cuts it into records', async () => {
  const subjects = await Promise.all(
    ['One', 'Two'].map(async (name) => subjectOf((await createRoot(name)).certificate.raw)),
  );
  const handshake = Buffer.concat([message(2, Buffer.alloc(70)), CERTIFICATE, requestFor(subjects as Buffer[])]);
  for (const size of [1, 7, 100, 16_384]) {
    const found = readServerRequest(records(handshake, size));
    expect(found?.authorities.map(nameText)).toEqual(['Example, One', 'Example, Two']);
  }
});

test.each([
  [
    'no request',
    Buffer.concat([CERTIFICATE, message(14, Buffer.alloc(0))]),
    { asksForCertificate: false, authorities: [] },
  ],
  [
    'a request without names',
    Buffer.concat([CERTIFICATE, requestFor([])]),
    { asksForCertificate: true, authorities: [] },
  ],
  ['an encrypted handshake', message(2, Buffer.alloc(70)), undefined],
  ['nothing', Buffer.alloc(0), undefined],
])('reads %s', (_, handshake, expected) => {
  expect(readServerRequest(records(handshake))).toEqual(expected);
});

test('never throws, whatever the server sends', async () => {
  const good = records(Buffer.concat([CERTIFICATE, requestFor([Buffer.alloc(40, 0x30)])]));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      readServerRequest(Buffer.from(octets));
      readServerRequest(records(Buffer.from(octets)));
      nameText(octets);
      subjectOf(octets);
    }),
  );
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (index, octet) => {
      const changed = Buffer.from(good);
      changed[index] = octet;
      readServerRequest(changed)?.authorities.map(nameText);
    }),
  );
});

test('the subject is that of the certificate', async () => {
  const { certificate } = await createRoot('One');
  expect(nameText(subjectOf(certificate.raw) ?? Buffer.alloc(0))).toBe('Example, One');
  expect(subjectOf(new X509Certificate(certificate.toString()).raw)).toEqual(subjectOf(certificate.raw));
});

test('a name controls no terminal', () => {
  const hostile = Buffer.from('300d310b3009060355040313021b5b', 'hex');
  expect(nameText(hostile)).not.toMatch(/\p{Cc}/u);
});
