import type { KeyAlgorithm } from '../../../sandbox/x509/algorithms';
import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  X509Certificate as PeculiarCertificate,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import fc from 'fast-check';
import { generatePrivateKey } from '../../../sandbox/x509/algorithms';
import {
  CertificateError,
  encodedSubjectOf,
  randomSerialNumber,
  signCertificate,
} from '../../../sandbox/x509/certificate';
import { encodeDistinguishedName } from '../../../sandbox/x509/names';
import { rootAuthorityExtensions } from '../../../sandbox/x509/profiles';
import {
  type Authority,
  createClient,
  createRoot,
  createServer,
  createSubordinate,
  validFor,
} from '../../pki/authorities';
import { describeWith } from '../../programs';

const withOpenssl = describeWith('openssl');

function openssl(directory: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: directory, encoding: 'utf8' });
  return `${stdout}${stderr}exit ${status}`;
}

withOpenssl('openssl', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'certificates-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function write(name: string, pem: string): string {
    writeFileSync(join(directory, name), pem);
    return name;
  }

  function verify(purpose: string, root: Authority, between: readonly Authority[], pem: string): string {
    const untrusted = between.length > 0 ? ['-untrusted', write('between', between.map((a) => a.pem).join(''))] : [];
    const anchors = ['-CAfile', write('root', root.pem), '-no-CApath', '-no-CAstore'];
    return openssl(
      directory,
      ...['verify', '-x509_strict', '-purpose', purpose],
      ...[...anchors, ...untrusted, write('leaf', pem)],
    );
  }

  const keyAlgorithms: KeyAlgorithm[] = ['EC_prime256v1', 'EC_secp384r1', 'RSA_2048'];
  test.each(keyAlgorithms)('accepts a %s root and its client certificate strictly', async (keyAlgorithm) => {
    const root = await createRoot('Root', { keyAlgorithm });
    const client = await createClient(root, 'mail', { keyAlgorithm, dnsNames: ['mail.example.com'] });
    expect(verify('sslclient', root, [], client.pem)).toBe('leaf: OK\nexit 0');
  });

  test.each(keyAlgorithms)('accepts a %s root, subordinate and client certificate strictly', async (keyAlgorithm) => {
    const root = await createRoot('Root', { keyAlgorithm });
    const subordinate = await createSubordinate(root, 'Issuer', { keyAlgorithm });
    const client = await createClient(subordinate, 'mail', { keyAlgorithm });
    expect(verify('sslclient', root, [subordinate], client.pem)).toBe('leaf: OK\nexit 0');
  });

  test('accepts an RSA authority that certifies an ECDSA client', async () => {
    const root = await createRoot('Root', { keyAlgorithm: 'RSA_2048' });
    const client = await createClient(root, 'mail', { keyAlgorithm: 'EC_prime256v1' });
    expect(verify('sslclient', root, [], client.pem)).toBe('leaf: OK\nexit 0');
  });

  test('accepts a server certificate for servers, and refuses it for clients', async () => {
    const root = await createRoot('Root');
    const server = await createServer(root, 'mesh.example.com');
    expect(verify('sslserver', root, [], server.pem)).toBe('leaf: OK\nexit 0');
    expect(verify('sslclient', root, [], server.pem)).toContain('unsuitable certificate purpose');
  });

  test('refuses a subordinate below a subordinate whose path length is 0', async () => {
    const root = await createRoot('Root');
    const first = await createSubordinate(root, 'First', { pathLength: 0 });
    const second = await createSubordinate(first, 'Second', { pathLength: 0 });
    const client = await createClient(second, 'mail');
    expect(verify('sslclient', root, [first, second], client.pem)).toContain('path length constraint exceeded');
  });

  test('reads the extensions of ACM PCA’s client template', async () => {
    const root = await createRoot('Root');
    const client = await createClient(root, 'mail', { dnsNames: ['mail.example.com'] });
    const text = openssl(directory, 'x509', '-in', write('leaf', client.pem), '-noout', '-text');
    const lines = text.split('\n').map((line) => line.trim());
    expect(lines).toEqual(
      expect.arrayContaining([
        'X509v3 Key Usage: critical',
        'Digital Signature, Key Encipherment',
        'X509v3 Extended Key Usage:',
        'TLS Web Client Authentication',
        'X509v3 Basic Constraints:',
        'CA:FALSE',
        'URI:spiffe://example.com/mail, DNS:mail.example.com',
      ]),
    );
  });

  test('reads times as UTCTime until 2049 and as GeneralizedTime from 2050', async () => {
    const root = await createRoot('Root', {
      validity: { notBefore: new Date('2049-12-31T23:59:59.999Z'), notAfter: new Date('2050-01-01T00:00:00.001Z') },
    });
    const structure = openssl(directory, 'asn1parse', '-in', write('root', root.pem));
    expect(structure).toMatch(/UTCTIME\s+:491231235959Z\n/);
    expect(structure).toMatch(/GENERALIZEDTIME\s+:20500101000000Z\n/);
  });
});

test('@peculiar/x509 reads the same fields and verifies the signatures', async () => {
  const root = await createRoot('Root');
  const client = await createClient(root, 'mail', { dnsNames: ['mail.example.com'] });
  const peculiarRoot = new PeculiarCertificate(root.pem);
  const peculiarClient = new PeculiarCertificate(client.pem);

  expect(await peculiarRoot.verify()).toBe(true);
  expect(await peculiarClient.verify({ publicKey: peculiarRoot.publicKey })).toBe(true);
  expect(peculiarClient.issuer).toBe('O=Example, CN=Root');
  expect(peculiarClient.subject).toBe('CN=mail');
  expect(peculiarClient.serialNumber.toUpperCase()).toBe(client.certificate.serialNumber);
  expect(peculiarRoot.getExtension(BasicConstraintsExtension)).toMatchObject({ ca: true, critical: true });
  expect(peculiarClient.getExtension(SubjectAlternativeNameExtension)?.names.toJSON()).toEqual([
    { type: 'url', value: 'spiffe://example.com/mail' },
    { type: 'dns', value: 'mail.example.com' },
  ]);
  const subjectKeyIdentifier = Buffer.from(await crypto.subtle.digest('SHA-1', spkiKeyBits(root.certificate))).toString(
    'hex',
  );
  expect(peculiarClient.getExtension(AuthorityKeyIdentifierExtension)?.keyId).toBe(subjectKeyIdentifier);
});

/** The uncompressed point at the end of a P-256 public key. */
function spkiKeyBits(certificate: X509Certificate): Uint8Array<ArrayBuffer> {
  return new Uint8Array(certificate.publicKey.export({ format: 'der', type: 'spki' }).subarray(-65));
}

test('a subject with every attribute comes in the order of ACM PCA', () => {
  const subject = encodeDistinguishedName({
    commonName: 'mail',
    locality: 'Springfield',
    state: 'Example State',
    organizationalUnit: 'Schedules',
    organization: 'Example',
    country: 'DE',
  });
  expect(subject.toString('latin1')).toMatch(/DE.*Example.*Schedules.*Example State.*mail.*Springfield/s);
});

test('an issuer is the authority’s subject, byte for byte', async () => {
  const root = await createRoot('Wurzel für Termine');
  const subject = encodedSubjectOf(root.certificate);
  expect(subject).toEqual(encodeDistinguishedName({ organization: 'Example', commonName: 'Wurzel für Termine' }));
  const client = await createClient(root, 'mail');
  expect(client.certificate.checkIssued(root.certificate)).toBe(true);
});

test('serial numbers are positive, differ, and print as 32 hexadecimal digits', async () => {
  const serialNumbers = Array.from({ length: 1000 }, randomSerialNumber);
  expect(new Set(serialNumbers).size).toBe(1000);
  expect(serialNumbers.every((serialNumber) => /^[4-7][0-9A-F]{31}$/.test(serialNumber))).toBe(true);
});

test('every serial number up to 20 octets is read back as it was given', async () => {
  const privateKey = await generatePrivateKey('EC_prime256v1');
  const withSerialNumber = (serialNumber: string) => signRoot(privateKey, { serialNumber });
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 159n - 1n }), (number) => {
      const pem = withSerialNumber(number.toString(16));
      expect(BigInt(`0x${new X509Certificate(pem).serialNumber}`)).toBe(number);
    }),
    { numRuns: 50 },
  );
});

test.each(['', '0', '00', '-1', 'xyz', '1'.repeat(41)])('refuses the serial number %j', async (serialNumber) => {
  const privateKey = await generatePrivateKey('EC_prime256v1');
  expect(() => signRoot(privateKey, { serialNumber })).toThrow(CertificateError);
});

test('refuses a validity that ends before it begins', async () => {
  const privateKey = await generatePrivateKey('EC_prime256v1');
  const { notBefore, notAfter } = validFor(1);
  expect(() => signRoot(privateKey, { notBefore: notAfter, notAfter: notBefore })).toThrow(
    'notAfter must be later than notBefore',
  );
});

test('refuses an algorithm of the other family than the signing key’s', async () => {
  const privateKey = await generatePrivateKey('EC_prime256v1');
  expect(() => signRoot(privateKey, { signingAlgorithm: 'SHA256WITHRSA' })).toThrow(
    'a key of type ec cannot sign with SHA256WITHRSA',
  );
});

function signRoot(
  privateKey: Awaited<ReturnType<typeof generatePrivateKey>>,
  changes: Partial<Parameters<typeof signCertificate>[0]>,
): string {
  const subject = encodeDistinguishedName({ commonName: 'Root' });
  return signCertificate({
    ...validFor(1),
    serialNumber: '01',
    subject,
    issuer: subject,
    publicKey: createPublicKey(privateKey),
    extensions: rootAuthorityExtensions(),
    signingKey: privateKey,
    signingAlgorithm: 'SHA256WITHECDSA',
    ...changes,
  });
}
