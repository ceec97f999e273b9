import { KEY_ALGORITHMS } from '../../pki/keys';
import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { createPublicKey, webcrypto } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChallengePasswordAttribute,
  Extension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  type Pkcs10CertificateRequestCreateParams,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import fc from 'fast-check';
import {
  type CertificateSigningRequest,
  CertificateSigningRequestError,
  createCertificateSigningRequest,
  readCertificateSigningRequest,
} from '../../pki/certificate-signing-request';
import { generatePrivateKey } from '../../pki/keys';
import { encodePem, readPemBlocks } from '../../pki/pem';
import { testWith } from '../programs';

const testWithOpenssl = testWith('openssl');
const fastAlgorithms = KEY_ALGORITHMS.filter((algorithm) => algorithm !== 'RSA_4096' && algorithm !== 'RSA_3072');

test.each(fastAlgorithms)('@peculiar/x509 verifies a request for %s', async (algorithm) => {
  const privateKey = await generatePrivateKey(algorithm);
  const request = new Pkcs10CertificateRequest(createCertificateSigningRequest(privateKey, 'mail'));
  expect(request.subject).toBe('CN=mail');
  expect(await request.verify()).toBe(true);
});

testWithOpenssl('openssl verifies a request', async () => {
  const pem = createCertificateSigningRequest(await generatePrivateKey('EC_prime256v1'), 'mail');
  const { status, stdout, stderr } = spawnSync('openssl', ['req', '-verify', '-noout', '-subject'], {
    input: pem,
    encoding: 'utf8',
  });
  expect({ status, text: stdout + stderr }).toMatchObject({ status: 0, text: expect.stringMatching(/verify OK/i) });
  expect(stdout).toMatch(/subject=\s*CN\s*=\s*mail/);
});

test.each(fastAlgorithms)('reads its own request for %s', async (algorithm) => {
  const privateKey = await generatePrivateKey(algorithm);
  const request = readCertificateSigningRequest(createCertificateSigningRequest(privateKey, 'mail'));
  expect(request.commonNames).toEqual(['mail']);
  expect(request.publicKey.equals(createPublicKey(privateKey))).toBe(true);
  expect(request.subjectAlternativeNames).toEqual({ uris: [], dnsNames: [] });
});

test('gives back the request alone, without what stood around it', async () => {
  const pem = createCertificateSigningRequest(await generatePrivateKey('EC_prime256v1'), 'mail');
  const [block] = readPemBlocks(pem);
  const followed = encodePem(
    'NEW CERTIFICATE REQUEST',
    Buffer.concat([block?.der ?? Buffer.of(), Buffer.from('more')]),
  );
  expect(readCertificateSigningRequest(`some text\n${followed}and more`).pem).toBe(pem);
});

test('gives back a request as somebody else made it', async () => {
  const pem = await requestWithNames([{ type: 'dns', value: 'mail.example.com' }]);
  expect(readPemBlocks(readCertificateSigningRequest(pem).pem)).toEqual([
    { label: 'CERTIFICATE REQUEST', der: readPemBlocks(pem)[0]?.der },
  ]);
});

test.each([
  ['several', 'CN=mail, O=Example, CN=social', ['mail', 'social']],
  ['two in one part', 'CN=mail+CN=social', ['mail', 'social']],
  ['one that is not text', 'CN=#0101FF', ['0101ff']],
  ['an empty one', 'CN=', ['']],
  ['one of another string type', 'CN=#1E08006D00610069006C', ['mail']],
  ['none', 'O=mail', []],
])('reads every common name of a subject with %s', async (_name, subject, commonNames) => {
  const pem = await requestWithNames([{ type: 'dns', value: 'mail.example.com' }], 'SHA-256', subject);
  expect([...readCertificateSigningRequest(pem).commonNames].sort()).toEqual([...commonNames].sort());
});

testWithOpenssl('reads a request that openssl made, with URIs and DNS names', () => {
  const directory = mkdtempSync(join(tmpdir(), 'requests-'));
  try {
    const names = 'subjectAltName=URI:spiffe://example.com/mail,DNS:mail.example.com';
    const args = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'request.pem'];
    spawnSync('openssl', ['req', '-new', ...args, '-subj', '/O=Example/CN=mail', '-addext', names], { cwd: directory });
    const request = readCertificateSigningRequest(readFileSync(join(directory, 'request.pem'), 'utf8'));
    expect(request.commonNames).toEqual(['mail']);
    expect(request.subjectAlternativeNames).toEqual({
      uris: ['spiffe://example.com/mail'],
      dnsNames: ['mail.example.com'],
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('refuses alternative names of other kinds rather than dropping them', async () => {
  const pem = await requestWithNames([{ type: 'ip', value: '192.0.2.1' }]);
  expect(() => readCertificateSigningRequest(pem)).toThrow('subject alternative names must be URIs or DNS names');
});

test('reads the names of every extension of alternative names', async () => {
  const pem = await requestWith({
    extensions: ['mail', 'social'].map(
      (name) => new SubjectAlternativeNameExtension([{ type: 'dns', value: `${name}.example.com` }]),
    ),
  });
  expect(readCertificateSigningRequest(pem).subjectAlternativeNames.dnsNames).toEqual([
    'mail.example.com',
    'social.example.com',
  ]);
});

test('refuses a signature by a hash weaker than SHA-256', async () => {
  const pem = await requestWithNames([{ type: 'dns', value: 'mail.example.com' }], 'SHA-1');
  expect(() => readCertificateSigningRequest(pem)).toThrow('must be signed with SHA-256 or stronger');
});

function requestWithNames(names: JsonGeneralNames, hash?: string, name?: string): Promise<string> {
  return requestWith({ extensions: [new SubjectAlternativeNameExtension(names)], name }, hash);
}

async function requestWith(
  { name = 'CN=mail', ...content }: Partial<Pkcs10CertificateRequestCreateParams>,
  hash = 'SHA-256',
): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: algorithm,
    ...content,
  });
  return request.toString('pem');
}

describe('a request from outside', () => {
  let pem: string;
  let der: Buffer;
  beforeAll(async () => {
    pem = await requestWithNames([{ type: 'dns', value: 'mail.example.com' }]);
    der = readPemBlocks(pem)[0]?.der ?? Buffer.alloc(0);
  });

  test('is refused when it names somebody else than was signed', () => {
    const forged = Buffer.from(der.toString('latin1').replace('mail', 'evil'), 'latin1');
    expect(() => readCertificateSigningRequest(encodePem('CERTIFICATE REQUEST', forged))).toThrow(
      "the request's signature does not verify with the public key inside it",
    );
  });

  const NOT_ONE_BLOCK = 'the text must contain exactly one PEM block "CERTIFICATE REQUEST"';
  const NOT_PKCS10 = 'the request is not a PKCS#10 structure in PEM';
  test.each([
    ['no PEM', () => 'hello', NOT_ONE_BLOCK],
    ['a broken block', () => pem.replace('\n', '\n?'), NOT_PKCS10],
    ['a certificate’s label', () => encodePem('CERTIFICATE', der), NOT_ONE_BLOCK],
    ['a label that begins in another way', () => encodePem('OLD CERTIFICATE REQUEST', der), NOT_ONE_BLOCK],
    ['a label that ends in another way', () => encodePem('CERTIFICATE REQUEST 2', der), NOT_ONE_BLOCK],
    ['two requests', () => `${pem}\n${pem}`, NOT_ONE_BLOCK],
    ['no PKCS#10', () => encodePem('CERTIFICATE REQUEST', Buffer.from('hostile')), NOT_PKCS10],
    ['half a request', () => encodePem('CERTIFICATE REQUEST', der.subarray(0, der.length / 2)), NOT_PKCS10],
  ])('is refused when it is %s', (_name, text, message) => {
    expect(() => readCertificateSigningRequest(text())).toThrow(CertificateSigningRequestError);
    expect(() => readCertificateSigningRequest(text())).toThrow(message);
  });

  test('is read past other attributes and other extensions', async () => {
    const request = await requestWith({
      attributes: [new ChallengePasswordAttribute('secret')],
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature),
        new SubjectAlternativeNameExtension([{ type: 'dns', value: 'mail.example.com' }]),
      ],
    });
    expect(readCertificateSigningRequest(request).subjectAlternativeNames.dnsNames).toEqual(['mail.example.com']);
  });

  test('is refused when its alternative names can’t be read', async () => {
    const request = await requestWith({ extensions: [new Extension('2.5.29.17', false, Buffer.from('hostile'))] });
    expect(() => readCertificateSigningRequest(request)).toThrow("the request's extensions cannot be read");
    expect(() => readCertificateSigningRequest(request)).toThrow(CertificateSigningRequestError);
  });

  test('with any byte changed is refused by the reader’s own error, or read as it was signed', () => {
    const signed = readCertificateSigningRequest(pem);
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (position, difference) => {
        const changed = Buffer.from(der);
        changed[position] = (changed[position] ?? 0) ^ difference;
        const request = readOrRefuse(encodePem('CERTIFICATE REQUEST', changed));
        if (request === undefined) return;
        expect(request.commonNames).toEqual(signed.commonNames);
        expect(request.publicKey.equals(signed.publicKey)).toBe(true);
        expect(request.subjectAlternativeNames).toEqual(signed.subjectAlternativeNames);
      }),
      { numRuns: 300 },
    );
  });

  function readOrRefuse(text: string): CertificateSigningRequest | undefined {
    try {
      return readCertificateSigningRequest(text);
    } catch (error) {
      expect(error).toBeInstanceOf(CertificateSigningRequestError);
      return undefined;
    }
  }
});
