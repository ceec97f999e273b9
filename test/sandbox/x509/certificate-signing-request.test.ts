import 'reflect-metadata';
import { createPublicKey, webcrypto } from 'node:crypto';
import {
  type JsonGeneralNames,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import fc from 'fast-check';
import { generatePrivateKey, KEY_ALGORITHMS } from '../../../sandbox/x509/algorithms';
import {
  CertificateSigningRequestError,
  createCertificateSigningRequest,
  readCertificateSigningRequest,
} from '../../../sandbox/x509/certificate-signing-request';
import { encodeDistinguishedName } from '../../../sandbox/x509/names';
import { encodePem, readPemBlocks } from '../../../sandbox/x509/pem';

const fastAlgorithms = KEY_ALGORITHMS.filter((algorithm) => algorithm !== 'RSA_4096' && algorithm !== 'RSA_3072');

test.each(fastAlgorithms)('@peculiar/x509 verifies a request for %s', async (algorithm) => {
  const privateKey = await generatePrivateKey(algorithm);
  const pem = createCertificateSigningRequest(privateKey, { country: 'DE', commonName: 'Root' });
  const request = new Pkcs10CertificateRequest(pem);
  expect(request.subject).toBe('C=DE, CN=Root');
  expect(await request.verify()).toBe(true);

  const read = readCertificateSigningRequest(pem);
  expect(read.publicKey.equals(createPublicKey(privateKey))).toBe(true);
  expect(read.subject).toEqual(encodeDistinguishedName({ country: 'DE', commonName: 'Root' }));
  expect(read.extensions).toEqual([]);
});

test('reads the names that a request of another program asks for', async () => {
  const pem = await foreignRequest([
    { type: 'url', value: 'spiffe://example.com/mail' },
    { type: 'dns', value: 'mail.example.com' },
  ]);
  expect(readCertificateSigningRequest(pem)).toMatchObject({
    subjectAlternativeNames: { uris: ['spiffe://example.com/mail'], dnsNames: ['mail.example.com'] },
    extensions: [{ extnID: '2.5.29.17' }],
  });
});

test.each<[string, () => Promise<string>]>([
  ['names of other kinds', () => foreignRequest([{ type: 'ip', value: '192.0.2.1' }])],
  ['a signature with SHA-1', () => foreignRequest([{ type: 'dns', value: 'mail.example.com' }], 'SHA-1')],
  ['two requests', async () => (await foreignRequest([])).repeat(2)],
  [
    'the label of a certificate',
    async () => (await foreignRequest([])).replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE'),
  ],
])('refuses %s', async (_name, request) => {
  const pem = await request();
  expect(() => readCertificateSigningRequest(pem)).toThrow(CertificateSigningRequestError);
});

test('with any byte changed is refused, or certifies the same key and names', async () => {
  const pem = await foreignRequest([{ type: 'dns', value: 'mail.example.com' }]);
  const signed = readCertificateSigningRequest(pem);
  const der = readPemBlocks(pem)[0]?.der ?? Buffer.alloc(0);
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (position, difference) => {
      const changed = Buffer.from(der);
      changed[position] = (changed[position] ?? 0) ^ difference;
      let read: ReturnType<typeof readCertificateSigningRequest>;
      try {
        read = readCertificateSigningRequest(encodePem('CERTIFICATE REQUEST', changed));
      } catch (error) {
        expect(error).toBeInstanceOf(CertificateSigningRequestError);
        return;
      }
      expect(read.subject).toEqual(signed.subject);
      expect(read.publicKey.equals(signed.publicKey)).toBe(true);
      expect(read.subjectAlternativeNames).toEqual(signed.subjectAlternativeNames);
    }),
    { numRuns: 300 },
  );
});

async function foreignRequest(names: JsonGeneralNames, hash = 'SHA-256'): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=mail',
    keys,
    signingAlgorithm: algorithm,
    extensions: names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)],
  });
  return request.toString('pem');
}
