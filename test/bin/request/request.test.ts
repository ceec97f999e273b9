import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IssuerError, type requestCertificate } from '../../../bin/request/issuer';
import { type RequestOptions, runRequest } from '../../../bin/request/request';
import type { CertificateDocument } from '../../../mesh/certificate-document';
import { composeCertificateDocument } from '../../../mesh/certificate-document';
import { readCertificateSigningRequest } from '../../../pki/certificate-signing-request';
import { type KeyAlgorithm, keyAlgorithmOf } from '../../../pki/keys';
import { encodedSubjectOf, randomSerialNumber, signCertificate } from '../../../sandbox/x509/certificate';
import { encodeDistinguishedName } from '../../../sandbox/x509/names';
import { clientExtensions } from '../../../sandbox/x509/profiles';
import { type Authority, createClient, createRoot, validFor } from '../../pki/authorities';

const asking = jest.fn<ReturnType<typeof requestCertificate>, Parameters<typeof requestCertificate>>();

const URL_OF_ISSUER = new URL('https://abc123.lambda-url.us-west-2.on.aws/');
let root: string;
let out: string;
let authority: Authority;

beforeAll(async () => {
  authority = await createRoot('Root');
});

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'request-'));
  out = join(root, 'mail');
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
  asking.mockReset().mockImplementation(async (_url, body) => certify(body.certificateSigningRequest));
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

const run = (options: Partial<RequestOptions> = {}) =>
  runRequest({ client: 'mail', url: URL_OF_ISSUER, out, format: ['pem'], ...options }, asking);

function certify(
  csr: string,
  spiffeId = 'spiffe://mesh.example.com/mail',
  validity = validFor(7),
): CertificateDocument {
  const pem = signCertificate({
    ...validity,
    serialNumber: randomSerialNumber(),
    subject: encodeDistinguishedName({ commonName: 'mail' }),
    issuer: encodedSubjectOf(authority.certificate),
    publicKey: readCertificateSigningRequest(csr).publicKey,
    extensions: clientExtensions({ uris: [spiffeId], dnsNames: [] }),
    signingKey: authority.privateKey,
    signingAlgorithm: authority.signingAlgorithm,
  });
  return composeCertificateDocument(pem, authority.pem);
}

test('writes the key that it made, the certificate for it and the chain', async () => {
  await run();
  expect(
    readdirSync(out)
      .filter((name) => !name.startsWith('.'))
      .sort(),
  ).toEqual(['bundle.pem', 'certificate.pem', 'chain.pem', 'client-ca.pem', 'fullchain.pem', 'private-key.pem']);
  const certificate = new X509Certificate(readFileSync(join(out, 'certificate.pem')));
  const key = createPrivateKey(readFileSync(join(out, 'private-key.pem')));
  expect(certificate.checkPrivateKey(key)).toBe(true);
  expect(readFileSync(join(out, 'chain.pem'), 'utf8')).toBe(authority.pem);
  expect(console.log).toHaveBeenCalledWith(
    `mail has a new certificate in ${out}: ${certificate.serialNumber}, valid until ${new Date(certificate.validTo).toISOString()}`,
  );
});

test('sends nothing of the key but its public half, in a request in the name of the client', async () => {
  await run();
  const [, body] = asking.mock.calls[0] ?? [];
  expect(Object.keys(body ?? {})).toEqual(['clientName', 'certificateSigningRequest']);
  const key = createPrivateKey(readFileSync(join(out, 'private-key.pem')));
  const csr = readCertificateSigningRequest(body?.certificateSigningRequest ?? '');
  expect(csr.publicKey.equals(createPublicKey(key))).toBe(true);
  const secret = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  const sent = Buffer.from((body?.certificateSigningRequest ?? '').replace(/-----.*-----|\n/g, ''), 'base64');
  expect(secret).toHaveLength(32);
  expect(sent.includes(secret)).toBe(false);
});

test('makes another key each time', async () => {
  await run();
  const first = readFileSync(join(out, 'private-key.pem'), 'utf8');
  await run();
  expect(readFileSync(join(out, 'private-key.pem'), 'utf8')).not.toBe(first);
});

test.each<[string, (csr: string) => CertificateDocument | Promise<CertificateDocument>, RegExp]>([
  [
    'of another client',
    (csr) => certify(csr, 'spiffe://mesh.example.com/social'),
    /its SPIFFE ID is spiffe:\S+\/social \(/,
  ],
  [
    'of a client whose name only ends so',
    (csr) => certify(csr, 'spiffe://mesh.example.com/voicemail'),
    /\/voicemail \(/,
  ],
  ['of nobody', (csr) => certify(csr, 'https://mesh.example.com/mail'), /it has no SPIFFE ID \(/],
  [
    'for another key',
    async () => composeCertificateDocument((await createClient(authority, 'mail')).pem, authority.pem),
    /the certificate's key is not the client's \(/,
  ],
  [
    'of another authority than the chain’s',
    async (csr) => ({ ...certify(csr), certificateChain: (await createRoot('Other')).pem }),
    /was not issued by/,
  ],
  [
    'that is not valid yet, by the clock here, which it tells',
    (csr) => certify(csr, undefined, { notBefore: new Date(Date.now() + 60_000), notAfter: validFor(7).notAfter }),
    /the certificate "CN=mail" is not valid before .*\(time on this machine: 2\d{3}-.*Z\)$/,
  ],
  ['that has another serial number than it says', (csr) => ({ ...certify(csr), serialNumber: '00' }), /"serialNumber"/],
  ['that is none', (csr) => ({ ...certify(csr), certificate: 'hello' }), /there is no PEM block/],
  ['with a private key', (csr) => ({ ...certify(csr), certificateChain: '' }), /"certificateChain" cannot be read/],
])('keeps what was there before when the answer is a certificate %s', async (_name, answer, reason) => {
  await run();
  const before = readFileSync(join(out, 'private-key.pem'), 'utf8');
  asking.mockImplementation(async (_url, { certificateSigningRequest }) => answer(certificateSigningRequest));

  await expect(run()).rejects.toThrow(reason);

  expect(readFileSync(join(out, 'private-key.pem'), 'utf8')).toBe(before);
  expect(readdirSync(root)).toEqual(['mail']);
});

test('leaves nothing behind when it fails the first time', async () => {
  asking.mockRejectedValue(new Error('refused'));
  await expect(run()).rejects.toThrow('refused');
  expect(existsSync(out)).toBe(false);
  expect(readdirSync(root)).toEqual([]);
});

test('asks for nothing that it could not keep', async () => {
  mkdirSync(out);
  writeFileSync(join(out, 'private-key.pem'), 'precious');
  await expect(run()).rejects.toThrow(`${join(out, 'private-key.pem')} was not written by this command`);
  expect(asking).not.toHaveBeenCalled();
});

test('keeps the algorithm of the key that is there, unless another one is specified', async () => {
  const algorithmOf = () => keyAlgorithmOf(createPrivateKey(readFileSync(join(out, 'private-key.pem'))));
  await run({ keyAlgorithm: 'RSA_2048' });
  await run();
  expect(algorithmOf()).toBe('RSA_2048');
  await run({ keyAlgorithm: 'EC_secp384r1' });
  expect(algorithmOf()).toBe('EC_secp384r1');
});

/** An issuer that takes keys of one algorithm. */
function takesOnly(accepted: KeyAlgorithm, [named]: readonly KeyAlgorithm[] = [accepted]): void {
  asking.mockImplementation(async (_url, { certificateSigningRequest: csr }) => {
    const keyAlgorithm = keyAlgorithmOf(readCertificateSigningRequest(csr).publicKey);
    if (keyAlgorithm === accepted) return certify(csr);
    throw new IssuerError(`the key must be ${accepted}, got ${keyAlgorithm}`, { keyAlgorithm: named });
  });
}

describe('where the issuer takes only keys of another algorithm', () => {
  test('requests again with the algorithm that the issuer names', async () => {
    takesOnly('RSA_2048');
    await run();
    expect(keyAlgorithmOf(createPrivateKey(readFileSync(join(out, 'private-key.pem'))))).toBe('RSA_2048');
    expect(asking).toHaveBeenCalledTimes(2);
  });

  test.each<[string, Partial<RequestOptions>, KeyAlgorithm[], number]>([
    ['a specified algorithm is refused', { keyAlgorithm: 'EC_prime256v1' }, ['RSA_2048'], 1],
    ['the issuer names none', {}, [], 1],
    ['the issuer also refuses the one that it names', {}, ['EC_secp384r1'], 2],
  ])('fails when %s', async (_name, options, named, requests) => {
    takesOnly('RSA_2048', named);
    await expect(run(options)).rejects.toThrow('the key must be RSA_2048');
    expect(asking).toHaveBeenCalledTimes(requests);
    expect(existsSync(out)).toBe(false);
  });
});
