import 'reflect-metadata';
import { createPublicKey, ECDH, type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import {
  type ClientOptions,
  type SubordinateOptions,
  signClientCertificate,
  signRootCertificate,
  signSubordinateCertificate,
} from '../../pki/certificate-signing';
import { CertificateSigningRequestError, createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { CertificateValueError } from '../../pki/certificate-values';
import { generatePrivateKey, type KeyAlgorithm } from '../../pki/keys';
import { SignatureError, type Signer } from '../../pki/signer';
import * as sandboxRequests from '../../sandbox/x509/certificate-signing-request';
import { createClient, days, validFor } from './authorities';
import { ecKey, rsaKey } from './forgery';
import { createSigner, LocalSigner } from './local-signer';

const { signal } = new AbortController();

const MAIL = { spiffeId: 'spiffe://example.com/mail', dnsNames: ['mail.example.com'], commonName: 'mail' };

let rootSigner: LocalSigner;
let root: X509Certificate;
let signerKey: KeyObject;
let signer: LocalSigner;
let subordinate: X509Certificate;
let clientKey: KeyObject;

beforeAll(async () => {
  rootSigner = await createSigner('EC_secp384r1');
  root = await createRoot(rootSigner);
  signerKey = await generatePrivateKey('EC_prime256v1');
  signer = new LocalSigner(signerKey, 'SHA256WITHECDSA');
  subordinate = new X509Certificate(
    await signSubordinateCertificate(
      {
        issuer: root,
        subject: { commonName: 'Issuing' },
        publicKey: signer.publicKey,
        pathLength: 0,
        ...validFor(365),
      },
      rootSigner,
      signal,
    ),
  );
  clientKey = await generatePrivateKey('EC_prime256v1');
});

async function createRoot(by: Signer, pathLength = 1): Promise<X509Certificate> {
  const subject = { commonName: 'Root', organization: 'Example', country: 'DE' };
  return new X509Certificate(await signRootCertificate({ subject, pathLength, ...validFor(3650) }, by, signal));
}

function signSubordinate(options: Partial<SubordinateOptions> = {}, by: Signer = rootSigner): Promise<string> {
  const usual = { issuer: root, subject: { commonName: 'Other' }, publicKey: signer.publicKey, pathLength: 0 };
  return signSubordinateCertificate({ ...usual, ...validFor(365), ...options } as SubordinateOptions, by, signal);
}

function signClient(options: Partial<ClientOptions> = {}, by: Signer = signer): Promise<string> {
  const usual = { ...MAIL, issuer: subordinate, publicKey: createPublicKey(clientKey) };
  return signClientCertificate({ ...usual, ...validFor(7), ...options }, by, signal);
}

/** What `@peculiar/x509` reads: the identifier of each extension, whether it is critical, and its text. */
function extensionsOf(pem: string): readonly (readonly [string, boolean])[] {
  return new x509.X509Certificate(pem).extensions.map(({ type, critical }) => [type, critical]);
}

const [SKI, KU, SAN, BC, CDP, AKI, EKU] = [14, 15, 17, 19, 31, 35, 37].map((arc) => `2.5.29.${arc}`);

describe('a root', () => {
  test.each<[KeyAlgorithm, string]>([
    ['EC_prime256v1', 'SHA-256'],
    ['EC_secp384r1', 'SHA-384'],
    ['RSA_2048', 'SHA-256'],
  ])('of %s is signed with %s by its own key', async (keyAlgorithm, hash) => {
    const certificate = await createRoot(await createSigner(keyAlgorithm));

    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkIssued(certificate)).toBe(true);
    const peculiar = new x509.X509Certificate(certificate.raw);
    expect(await peculiar.isSelfSigned()).toBe(true);
    expect(peculiar.signatureAlgorithm).toMatchObject({ hash: { name: hash } });
  });

  test('may sign certificates and lists only, which is critical, with its path length', () => {
    const { extensions } = new x509.X509Certificate(root.raw);
    expect(extensionsOf(root.toString())).toEqual([
      [BC, true],
      [KU, true],
      [SKI, false],
      [AKI, false],
    ]);
    expect(extensions[0]).toMatchObject({ ca: true, pathLength: 1 });
    expect(extensions[1]).toMatchObject({ usages: x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign });
  });

  test('has any path length unless one is given', async () => {
    const options = { subject: { commonName: 'Root' }, ...validFor(3650) };
    const pem = await signRootCertificate(options, rootSigner, signal);
    const constraints = new x509.X509Certificate(pem).getExtension(x509.BasicConstraintsExtension);
    expect(constraints).toMatchObject({ ca: true, pathLength: undefined });
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('has no path length of %d', async (pathLength) => {
    await expect(createRoot(rootSigner, pathLength)).rejects.toThrow('pathLength must be a whole number');
  });
});

describe('a subordinate', () => {
  test('is issued by the root, and names its revocation list', async () => {
    const crlAddress = 'http://crl.example.com/root.crl';
    const pem = await signSubordinate({ crlAddress });
    const certificate = new X509Certificate(pem);
    expect(certificate.checkIssued(root) && certificate.verify(root.publicKey)).toBe(true);
    expect(extensionsOf(pem)).toEqual([
      [BC, true],
      [KU, true],
      [SKI, false],
      [AKI, false],
      [CDP, false],
    ]);
    expect(new x509.X509Certificate(pem).extensions[0]).toMatchObject({ ca: true, pathLength: 0 });
    const [point] =
      new x509.X509Certificate(pem).getExtension(x509.CRLDistributionPointsExtension)?.distributionPoints ?? [];
    expect(point?.distributionPoint?.fullName).toMatchObject([{ uniformResourceIdentifier: crlAddress }]);
  });

  test('of a request has its key and its subject, octet by octet, and nothing else of it', async () => {
    const key = await generatePrivateKey('EC_secp384r1');
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      name: 'O=Example, CN=Größe+OU=1',
      keys: { privateKey: await webKey(key, 'sign'), publicKey: await webKey(createPublicKey(key), 'verify') },
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-384' },
      extensions: [new x509.BasicConstraintsExtension(true, 9, true), new x509.KeyUsagesExtension(1, true)],
    });

    const pem = await signSubordinateCertificate(
      { issuer: root, certificateSigningRequest: request.toString('pem'), pathLength: 0, ...validFor(365) },
      rootSigner,
      signal,
    );

    const certificate = new x509.X509Certificate(pem);
    expect(Buffer.from(certificate.subjectName.toArrayBuffer())).toEqual(
      Buffer.from(request.subjectName.toArrayBuffer()),
    );
    expect(new X509Certificate(pem).publicKey.equals(createPublicKey(key))).toBe(true);
    expect(certificate.extensions[0]).toMatchObject({ ca: true, pathLength: 0 });
    expect(extensionsOf(pem).map(([type]) => type)).toEqual([BC, KU, SKI, AKI]);
  });

  const ofRequest = (certificateSigningRequest: string) =>
    signSubordinateCertificate(
      { issuer: root, certificateSigningRequest, pathLength: 0, ...validFor(365) },
      rootSigner,
      signal,
    );

  test.each([
    [
      'with another signature',
      CertificateSigningRequestError,
      () => tampered(createCertificateSigningRequest(ecKey(), 'mail')),
    ],
    ['that is none', CertificateSigningRequestError, () => root.toString()],
    ['with a weak key', CertificateValueError, () => createCertificateSigningRequest(rsaKey(1024), 'mail')],
    ['on an unknown curve', CertificateValueError, () => createCertificateSigningRequest(ecKey('secp256k1'), 'mail')],
    [
      'with a name that misleads',
      CertificateValueError,
      () => sandboxRequests.createCertificateSigningRequest(ecKey(), { commonName: 'a\0b' }),
    ],
  ])('of a request %s is refused', async (_, error, request) => {
    await expect(ofRequest(request())).rejects.toThrow(error);
  });

  test.each<[string, Partial<SubordinateOptions>, string]>([
    [
      "the issuer's subject",
      { subject: { commonName: 'Root', organization: 'Example', country: 'DE' } },
      "the subject must not be the issuer's",
    ],
    ['a path length that the issuer forbids', { pathLength: 1 }, "pathLength must be less than the issuer's, 1"],
    ['an address that is none', { crlAddress: 'list.crl' }, 'crlAddress must be'],
    ['a weak key', { publicKey: createPublicKey(rsaKey(1024)) }, 'the holder has an RSA key of 1024 bits'],
  ])('with %s is refused', async (_, options, message) => {
    await expect(signSubordinate(options)).rejects.toThrow(new RegExp(`^${message}`));
  });

  test('below an authority that may have none is refused', async () => {
    await expect(signSubordinate({ issuer: subordinate, ...validFor(7) }, signer)).rejects.toThrow(
      'pathLength must be less',
    );
  });
});

describe('a client certificate', () => {
  test("has the extensions of ACM PCA's template, in the same order, octet by octet", async () => {
    const authority = { certificate: subordinate, privateKey: signerKey, signingAlgorithm: signer.signingAlgorithm };
    const { pem } = await createClient({ ...authority, pem: subordinate.toString() }, 'mail', {
      dnsNames: ['mail.example.com'],
      privateKey: clientKey,
    });
    const octetsOf = (certificate: string) =>
      new x509.X509Certificate(certificate).extensions.map(({ rawData }) => Buffer.from(rawData).toString('hex'));
    expect(octetsOf(await signClient())).toEqual(octetsOf(pem));
  });

  test('names the revocation list of its issuer after them', async () => {
    const extensions = extensionsOf(await signClient({ crlAddress: 'http://crl.example.com/1.crl' }));
    expect(extensions.map(([type]) => type)).toEqual([SAN, BC, KU, EKU, SKI, AKI, CDP]);
  });

  test("has the issuer's subject and key identifier, octet by octet", async () => {
    const privateKey = await generatePrivateKey('EC_prime256v1');
    // An issuer whose name has another string type, and whose key identifier is not a hash of its key.
    const issuer = await foreignAuthority(privateKey);
    const pem = await signClient({ issuer }, new LocalSigner(privateKey, 'SHA256WITHECDSA'));

    const [certificate, authority] = [new x509.X509Certificate(pem), new x509.X509Certificate(issuer.raw)];
    expect(Buffer.from(certificate.issuerName.toArrayBuffer())).toEqual(
      Buffer.from(authority.subjectName.toArrayBuffer()),
    );
    expect(certificate.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId).toBe('0102030405');
    expect(new X509Certificate(pem).checkIssued(issuer)).toBe(true);
  });

  test('has the given validity without fractions of a second, and the given serial number', async () => {
    const notBefore = new Date('2026-02-03T04:05:06.789Z');
    const notAfter = new Date('2026-03-03T04:05:06.789Z');
    const certificate = new X509Certificate(await signClient({ notBefore, notAfter, serialNumber: '0AbC' }));
    expect(new Date(certificate.validFrom)).toEqual(new Date('2026-02-03T04:05:06Z'));
    expect(new Date(certificate.validTo)).toEqual(new Date('2026-03-03T04:05:06Z'));
    expect(certificate.serialNumber).toBe('0ABC');
  });

  test('may expire together with its issuer', async () => {
    const notAfter = new Date(new Date(subordinate.validTo).getTime() + 999);
    await expect(signClient({ notAfter })).resolves.toContain('BEGIN CERTIFICATE');
  });

  test('has another serial number each time', async () => {
    const [one, other] = [await signClient(), await signClient()];
    expect(new X509Certificate(one).serialNumber).not.toBe(new X509Certificate(other).serialNumber);
  });

  test('has an uncompressed point, however the key was encoded', async () => {
    const { x = '', y = '' } = clientKey.export({ format: 'jwk' });
    const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
    const compressed = ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'compressed') as Buffer;
    const info = Buffer.concat([
      Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex'),
      compressed,
    ]);
    const publicKey = createPublicKey({ key: info, format: 'der', type: 'spki' });
    expect(publicKey.export({ format: 'der', type: 'spki' })).toEqual(info);

    const certificate = new x509.X509Certificate(await signClient({ publicKey }));

    expect(Buffer.from(certificate.publicKey.rawData)).toEqual(
      createPublicKey(clientKey).export({ format: 'der', type: 'spki' }),
    );
  });

  test.each<[string, Partial<ClientOptions>, string]>([
    ['a common name of 65 characters', { commonName: 'a'.repeat(65) }, 'commonName must have 1 to 64 characters'],
    ['a SPIFFE ID that is none', { spiffeId: 'mail' }, 'spiffeId must be'],
    ['a DNS name that is none', { dnsNames: ['a b'] }, 'dnsNames must be'],
    ['a weak key', { publicKey: createPublicKey(rsaKey(1024)) }, 'the holder has an RSA key of 1024 bits'],
    ['no validity', { notAfter: validFor(7).notBefore }, 'notAfter must be later than notBefore'],
    [
      'an expiry after its issuer',
      { notAfter: new Date(Date.now() + days(366)) },
      'notAfter must not be later than the issuer',
    ],
    ['an invalid time', { notAfter: new Date(Number.NaN) }, 'notAfter must be a time'],
    ['the serial number 0', { serialNumber: '0' }, 'serialNumber must be'],
  ])('with %s is refused before anything is signed', async (_, options, message) => {
    const sign = jest.fn();
    const { publicKey, signingAlgorithm } = signer;
    await expect(signClient(options, { publicKey, signingAlgorithm, sign })).rejects.toThrow(
      expect.objectContaining({ name: 'CertificateValueError', message: expect.stringMatching(`^${message}`) }),
    );
    expect(sign).not.toHaveBeenCalled();
  });

  test('by a client is refused', async () => {
    const key = await generatePrivateKey('EC_prime256v1');
    const issuer = new X509Certificate(await signClient({ publicKey: createPublicKey(key) }));
    const by = new LocalSigner(key, 'SHA256WITHECDSA');
    await expect(signClient({ issuer }, by)).rejects.toThrow('the issuer must have the certificate of an authority');
  });

  test("by a key that isn't the issuer's is refused", async () => {
    await expect(signClient({}, rootSigner)).rejects.toThrow(
      "the signer's key must be the one in the issuer's certificate",
    );
  });
});

describe('a signature', () => {
  const signingWith = (sign: Signer['sign'], signingAlgorithm = signer.signingAlgorithm) =>
    signClient({}, { publicKey: signer.publicKey, signingAlgorithm, sign });

  test.each<[string, Signer['sign']]>([
    ['of another key', async (digest) => (await createSigner()).sign(digest)],
    ['of another digest', async (digest) => signer.sign(Buffer.from(digest).reverse())],
    ['that is empty', async () => Buffer.of()],
    ['that is no DER', async () => Buffer.alloc(64, 1)],
    ['followed by something', async (digest) => Buffer.concat([await signer.sign(digest), Buffer.of(0)])],
  ])('%s is refused', async (_, sign) => {
    await expect(signingWith(sign)).rejects.toThrow(SignatureError);
  });

  test('of another family is refused', async () => {
    await expect(signingWith((digest) => signer.sign(digest), 'SHA256WITHRSA')).rejects.toThrow(
      'a key of type ec cannot sign with SHA256WITHRSA',
    );
  });

  test('gets the digest and the signal, and an error of the signer passes through', async () => {
    const error = new Error('throttled');
    const sign = jest.fn().mockRejectedValue(error);
    await expect(signingWith(sign)).rejects.toBe(error);
    expect(sign).toHaveBeenCalledWith(expect.objectContaining({ length: 32 }), signal);
  });
});

async function webKey(key: KeyObject, usage: 'sign' | 'verify'): Promise<webcrypto.CryptoKey> {
  const jwk = key.export({ format: 'jwk' });
  return webcrypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: jwk.crv ?? '' }, true, [usage]);
}

/** Changes the last octet of the signature. */
function tampered(pem: string): string {
  const der = Buffer.from(x509.PemConverter.decodeFirst(pem));
  der[der.length - 1] = (der[der.length - 1] ?? 0) ^ 1;
  return x509.PemConverter.encode(der, 'CERTIFICATE REQUEST');
}

async function foreignAuthority(privateKey: KeyObject): Promise<X509Certificate> {
  const name = new x509.Name([{ CN: [{ printableString: 'Foreign' }] }, { O: [{ utf8String: ' Two  spaces' }] }]);
  const keys = {
    privateKey: await webKey(privateKey, 'sign'),
    publicKey: await webKey(createPublicKey(privateKey), 'verify'),
  };
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: name.toJSON(),
    keys,
    ...validFor(30),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new x509.BasicConstraintsExtension(true), new x509.SubjectKeyIdentifierExtension('0102030405')],
  });
  return new X509Certificate(certificate.toString('pem'));
}
