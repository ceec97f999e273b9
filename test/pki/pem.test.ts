import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { privateKeyPem } from '../../pki/keys';
import { encodePem, PemError, readCertificate, readCertificates, readPemBlocks } from '../../pki/pem';
import { superLinearExpressions } from '../linear-regular-expressions';
import { testWith } from '../programs';
import { type Authority, createClient, createRoot } from './authorities';

let root: Authority;
beforeAll(async () => {
  root = await createRoot('Root');
});

test('reads certificates in their order', async () => {
  const client = await createClient(root, 'mail');
  const [first, second] = readCertificates(client.pem + root.pem);
  expect(first?.fingerprint256).toBe(client.certificate.fingerprint256);
  expect(second?.fingerprint256).toBe(root.certificate.fingerprint256);
});

test.each([
  ['explanatory text before, between and after', (pem: string) => `Root of all:\n${pem}\nAgain:\n${pem}the end`, 2],
  ['carriage returns', (pem: string) => pem.replaceAll('\n', '\r\n'), 1],
  ['trailing spaces', (pem: string) => pem.replaceAll('\n', '  \n'), 1],
  ['no final line feed', (pem: string) => pem.trimEnd(), 1],
  ['a byte order mark, also in the middle', (pem: string) => `\uFEFF${pem}\uFEFF${pem}`, 2],
  ['a tab before a block', (pem: string) => `${pem.trimEnd()}\t${pem}`, 2],
  ['white space before a block', (pem: string) => ` \t\v\f  ${pem}`, 1],
  ['blocks that touch', (pem: string) => pem.trimEnd() + pem, 2],
  ['white space within the base64', (pem: string) => pem.replaceAll(/[A-Za-z0-9+/]{16}/g, '$& \t\v\f\r\n\n'), 1],
  ['base64 beside the boundaries', (pem: string) => pem.replaceAll('\n', ''), 1],
  ['carriage returns alone', (pem: string) => pem.replaceAll('\n', '\r'), 1],
  ['a boundary within a line of explanatory text', (pem: string) => `It begins -----BEGIN X-----:\n${pem}`, 1],
  ['lines of hyphens', (pem: string) => `${'-'.repeat(70)}\n${pem}----- root -----\n`, 1],
  ['text after a block on its line', (pem: string) => `${pem.trimEnd()} # the root\n${pem}`, 2],
  ['the older label', (pem: string) => pem.replaceAll('CERTIFICATE', 'X509 CERTIFICATE'), 1],
  ['one long line of base64', (pem: string) => pem.replace(/(?<=[A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])/g, ''), 1],
])('allows %s', (_name, change, count) => {
  expect(readCertificates(change(root.pem))).toHaveLength(count);
});

const NO_BLOCK = 'there is no PEM block "CERTIFICATE"';

test.each<[string, (pem: string) => string, string]>([
  ['an empty text', () => '', NO_BLOCK],
  ['a text without blocks', () => 'no certificate here', NO_BLOCK],
  [
    'a certificate request',
    () => encodePem('CERTIFICATE REQUEST', root.certificate.raw),
    'block 2 is a CERTIFICATE REQUEST, not a CERTIFICATE',
  ],
  ['a block without an end', (pem) => pem.replace(/-----END.*/, ''), 'block 2 has no end'],
  ['a block without a beginning', (pem) => pem.replace(/-----BEGIN.*/, ''), 'block 2 has an end without a beginning'],
  [
    'a block that ends under another name',
    (pem) => pem.replace('END CERTIFICATE', 'END PUBLIC KEY'),
    'block 2 has the end of a block with another label',
  ],
  [
    'a block within a block',
    (pem) => pem.replace('-----END', '-----BEGIN CERTIFICATE-----\n-----END'),
    'block 2 has no end before the next one begins',
  ],
  [
    'a label in lower case',
    (pem) => pem.replaceAll('CERTIFICATE', 'certificate'),
    'block 2 has a label that RFC 7468 does not allow',
  ],
  [
    'a block without a label',
    (pem) => pem.replaceAll('CERTIFICATE', ''),
    'block 2 has a label that RFC 7468 does not allow',
  ],
  ['a block cut short', (pem) => pem.replace(/\n.{60,64}\n/, '\n'), 'block 2 is not a DER certificate'],
  ['an empty block', () => '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n', 'block 2 is not base64'],
  ['a character that is not base64', (pem) => pem.replace('MII', 'M?I'), 'block 2 is not base64'],
  [
    'bytes after the certificate',
    () => encodePem('CERTIFICATE', Buffer.concat([root.certificate.raw, Buffer.of(0)])),
    'block 2 is not a DER certificate',
  ],
  ['random bytes', () => encodePem('CERTIFICATE', Buffer.from('hostile')), 'block 2 is not a DER certificate'],
  [
    'a header in the block',
    (pem) => pem.replace('-----\n', '-----\nProc-Type: 4,ENCRYPTED\n\n'),
    'block 2 is not base64',
  ],
])('refuses %s, and says which block it is', (_name, change, message) => {
  const text = change(root.pem);
  const read = () => readCertificates(message === NO_BLOCK ? text : root.pem + text);
  expect(read).toThrow(PemError);
  expect(read).toThrow(new RegExp(`^${message}$`));
});

test('says what UTF-16 and DER are, instead of that there is nothing', () => {
  for (const encoding of ['utf16le', 'latin1'] as const) {
    const bytes = encoding === 'latin1' ? root.certificate.raw : Buffer.from(`\uFEFF${root.pem}`, encoding);
    expect(() => readCertificates(bytes.toString())).toThrow(/^the text is not ASCII or UTF-8: it contains zero bytes/);
  }
});

test('refuses a private key whose boundary is in the middle of a line', () => {
  expect(() => readCertificates(`${root.pem}key: ${privateKeyPem(root.privateKey)}`)).toThrow('contains a private key');
});

test('reads in a number of steps that is linear in the length of the text', () => {
  expect(superLinearExpressions(() => readCertificates(`text\n ${root.pem}\t${root.pem}`))).toEqual([]);
});

const linesOf = (length: number) => () =>
  [
    '-----BEGIN CERTIFICATE-----',
    ...(root.certificate.raw.toString('base64').match(new RegExp(`.{1,${length}}`, 'g')) ?? []),
    '-----END CERTIFICATE-----',
    '',
  ].join('\n');

testWith('openssl').each<[string, (pem: string) => string]>([
  ['explanatory text', (pem) => `Root of all:\n${pem}`],
  ['a boundary within a line of explanatory text', (pem) => `It begins -----BEGIN CERTIFICATE-----:\n${pem}`],
  ['carriage returns', (pem) => pem.replaceAll('\n', '\r\n')],
  ['the older label', (pem) => pem.replaceAll('CERTIFICATE', 'X509 CERTIFICATE')],
  ['lines of 76', linesOf(76)],
  ['one line', linesOf(10_000)],
  ['spaces at the end of lines', (pem) => pem.replaceAll('\n', ' \t\n')],
])('takes what OpenSSL takes: %s', (_name, change) => {
  const text = change(root.pem);
  const { status, stdout } = spawnSync('openssl', ['x509', '-outform', 'DER'], { input: text });
  expect(status).toBe(0);
  expect(stdout).toEqual(root.certificate.raw);
  expect(readCertificate(text).raw).toEqual(root.certificate.raw);
});

test('refuses a private key beside certificates, and never repeats it', () => {
  const key = privateKeyPem(root.privateKey);
  for (const label of ['PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY']) {
    const text = root.pem + key.replaceAll('PRIVATE KEY', label);
    expect(() => readCertificates(text)).toThrow(
      new PemError('the text contains a private key: remove it, and replace it if others could read it'),
    );
  }
});

test('a single certificate is not two', () => {
  expect(readCertificate(root.pem).fingerprint256).toBe(root.certificate.fingerprint256);
  expect(() => readCertificate(root.pem + root.pem)).toThrow('there must be exactly one certificate');
  expect(() => readCertificate('')).toThrow(NO_BLOCK);
});

test('whatever is encoded is read back', () => {
  const label = fc.stringMatching(/^[A-Z0-9]{1,10}( [A-Z0-9]{1,10})?$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(label, fc.uint8Array({ minLength: 1, maxLength: 200 }))), (blocks) => {
      const pem = blocks.map(([name, der]) => encodePem(name, der)).join('');
      expect(readPemBlocks(pem)).toEqual(blocks.map(([name, der]) => ({ label: name, der: Buffer.from(der) })));
    }),
  );
});

test('no text makes the reader fail other than by its own error', () => {
  const line = fc.oneof(
    fc.constantFrom('-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', '-----BEGIN -----', 'AAAA', ''),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      try {
        readCertificates(lines.join('\n'));
      } catch (error) {
        expect(error).toBeInstanceOf(PemError);
      }
    }),
  );
});

test('reads a block of megabytes', () => {
  const der = randomBytes(8_000_000);
  const [block] = readPemBlocks(encodePem('X509 CRL', der));
  expect(block?.der.equals(der)).toBe(true);
});
