import { encodePem, PemError, readCertificates, readPemBlocks } from '../../../sandbox/x509/pem';
import { type Authority, createRoot } from '../../pki/authorities';

let root: Authority;
let other: Authority;
beforeAll(async () => {
  [root, other] = await Promise.all([createRoot('Root'), createRoot('Other')]);
});

test('reads the certificates of a bundle in order, whatever is written around them', () => {
  const bundle = `issued by hand\r\n${root.pem.replaceAll('\n', '\r\n')}\t${other.pem}the end`;
  expect(readCertificates(bundle).map(({ raw }) => raw)).toEqual([root.certificate.raw, other.certificate.raw]);
});

test.each([
  ['an empty text', () => '', 'the text contains no certificate in PEM'],
  ['DER', () => root.certificate.raw.toString('latin1'), 'the text contains no certificate in PEM'],
  ['a block without an end', () => root.pem.replace(/-----END.*/, ''), 'the text contains no certificate in PEM'],
  ['an empty block', () => encodePem('CERTIFICATE', Buffer.alloc(0)), 'PEM block 1 is not a DER certificate'],
  ['half a certificate', () => root.pem + encodePem('CERTIFICATE', root.certificate.raw.subarray(99)), 'PEM block 2'],
  ['a private key', () => root.pem + encodePem('PRIVATE KEY', Buffer.alloc(8)), 'PEM block 2 is a PRIVATE KEY'],
])('refuses %s', (_name, text, message) => {
  expect(() => readCertificates(text())).toThrow(PemError);
  expect(() => readCertificates(text())).toThrow(message);
});

test.each([1, 47, 48, 49, 96, 1000])('encodes %d bytes in lines of 64 characters that read back', (length) => {
  const der = Buffer.alloc(length, 0xfe);
  const pem = encodePem('CERTIFICATE', der);
  expect(
    pem
      .split('\n')
      .slice(1, -2)
      .every((line) => line.length > 0 && line.length <= 64),
  ).toBe(true);
  expect(readPemBlocks(pem)).toEqual([{ label: 'CERTIFICATE', der }]);
});
