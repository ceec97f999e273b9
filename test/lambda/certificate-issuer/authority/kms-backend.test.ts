import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { CertificateAuthorityResource } from '../../../../lambda/certificate-authority/certificate-authority-resource';
import { CertificateAuthorities } from '../../../../lambda/certificate-issuer/authority/certificate-authorities';
import { KmsBackend } from '../../../../lambda/certificate-issuer/authority/kms-backend';
import type { CertificateOrder } from '../../../../lambda/certificate-issuer/issue/certificate-order';
import { AuthorityStore } from '../../../../lambda/kms-authority/authority-store';
import { authorityParameterName } from '../../../../mesh/names';
import { createCertificateSigningRequest } from '../../../../pki/certificate-signing-request';
import { verifyChain } from '../../../../pki/chain';
import { generatePrivateKey } from '../../../../pki/keys';
import { readCertificate, readCertificates } from '../../../../pki/pem';
import { createRequest } from '../../custom-resource/requests';
import { MemoryKms } from '../../kms-authority/memory-kms';
import { MemoryParameters } from '../../kms-authority/memory-parameters';

const signal = new AbortController().signal;
let now: Date;

let kms: MemoryKms;
let parameters: MemoryParameters;
let backend: KmsBackend;
let order: CertificateOrder;
let privateKey: KeyObject;

beforeEach(async () => {
  now = new Date('2026-11-28T12:00:00Z');
  kms = new MemoryKms();
  parameters = new MemoryParameters();
  const certificateAuthorityArn = await kms.create();
  await makeRoot(certificateAuthorityArn, 3650);
  backend = create();
  order = {
    clientName: 'mail',
    spiffeId: 'spiffe://mesh.example.com/mail',
    dnsNames: ['mail.example.com'],
    keyAlgorithm: 'EC_prime256v1',
    validityHours: 168,
    certificateAuthorityArn,
    signingAlgorithm: 'SHA256WITHECDSA',
  };
  privateKey = await generatePrivateKey('EC_prime256v1');
});

function create(revocationListAddress?: string): KmsBackend {
  return new KmsBackend({
    kms,
    authorityStore: new AuthorityStore(parameters),
    revocationListAddress,
    now: () => now,
    log: () => undefined,
  });
}

async function makeRoot(arn: string, validityDays: number): Promise<void> {
  const maker = new CertificateAuthorityResource({
    orders: [
      {
        certificateAuthorityArn: arn,
        issuerKeyArn: arn,
        signingAlgorithm: 'SHA256WITHECDSA',
        subject: { commonName: 'Example Root' },
        validityDays,
      },
    ],
    kms,
    acmPca: { certificateSigningRequest: async () => '' },
    store: new AuthorityStore(parameters),
    now: () => now,
    log: () => undefined,
  });
  await maker.apply(createRequest({ properties: { CertificateAuthorityArn: arn } }), signal);
}

/** With a CSR for another name than that of the order. */
function sign(change: Partial<CertificateOrder> = {}) {
  const certificateSigningRequest = createCertificateSigningRequest(privateKey, 'somebody-else');
  const publicKey = createPublicKey(privateKey);
  const request = { order: { ...order, ...change }, publicKey, certificateSigningRequest, purpose: 'version' };
  return backend.signCertificate(request, signal);
}

test('a client certificate names the client of the order, and is valid as long as ordered', async () => {
  const { certificate, certificateChain, certificateArn } = await sign();

  const signed = readCertificate(certificate);
  expect(signed.subject).toBe('CN=mail');
  expect(signed.subjectAltName).toBe('URI:spiffe://mesh.example.com/mail, DNS:mail.example.com');
  expect(signed.checkPrivateKey(privateKey)).toBe(true);
  expect(new Date(signed.validFrom)).toEqual(new Date('2026-11-28T11:00:00Z'));
  expect(new Date(signed.validTo)).toEqual(new Date('2026-12-05T12:00:00Z'));
  expect(() => verifyChain(signed, readCertificates(certificateChain), now)).not.toThrow();
  expect(certificateArn).toBeUndefined();
});

test('a client certificate names the list of its authority where lists have an address', async () => {
  const id = order.certificateAuthorityArn.split('/')[1];
  expect(Buffer.from(readCertificate((await sign()).certificate).raw).includes('.crl')).toBe(false);

  backend = create('http://crl.example.com/mesh');
  const { raw } = readCertificate((await sign()).certificate);
  expect(Buffer.from(raw).includes(`http://crl.example.com/mesh/${id}.crl`)).toBe(true);
});

test('every request results in another certificate', async () => {
  const first = await sign();
  const second = await sign();
  expect(new X509Certificate(second.certificate).serialNumber).not.toBe(
    new X509Certificate(first.certificate).serialNumber,
  );
});

test('the certificate of the authority is read again after a minute', async () => {
  const get = jest.spyOn(parameters, 'get');
  await sign();
  await sign();
  expect(get).toHaveBeenCalledTimes(1);
  now = new Date(now.getTime() + 60_000);
  await sign();
  expect(get).toHaveBeenCalledTimes(2);
});

describe('an authority that is about to expire', () => {
  const END = Date.parse('2026-11-28T12:00:00Z') + 3650 * 86_400_000;

  test.each([
    ['the last time for the whole validity', 168 * 3_600_000],
    ['a day before', 86_400_000],
    ['a second before', 1_000],
  ])('issues certificates that expire with it: %s', async (_when, left) => {
    now = new Date(END - left);
    const { certificate, certificateChain } = await sign();
    const signed = readCertificate(certificate);
    expect(new Date(signed.validTo)).toEqual(new Date(END));
    expect(() => verifyChain(signed, readCertificates(certificateChain), now)).not.toThrow();
  });

  test.each([0, 1_000, 86_400_000])('issues none %d ms after its end, and says what to do', async (past) => {
    const { length } = kms.signed;
    now = new Date(END + past);
    await expect(sign()).rejects.toThrow(
      'certificate authority CN=Example Root expired at 2036-11-25T12:00:00.000Z: set certificateAuthority to a new one',
    );
    expect(kms.signed).toHaveLength(length);
  });
});

test('an authority that has not been made yet issues nothing, and the failure says so', async () => {
  await expect(sign({ certificateAuthorityArn: await kms.create() })).rejects.toThrow('has no certificate');
  expect(kms.signed).toHaveLength(1);
});

test('a parameter with the certificate of another authority is of no use', async () => {
  const other = await kms.create();
  await makeRoot(other, 3650);
  const nameOf = (arn: string) => authorityParameterName(arn.split('/')[1] ?? '');
  parameters.set(nameOf(order.certificateAuthorityArn), parameters.find(nameOf(other)) ?? '');
  await expect(sign()).rejects.toThrow("the signature does not verify with the signer's public key");
});

describe('authorities of both kinds', () => {
  const PCA = 'arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/11111111-2222-3333-4444-555555555555';
  const calls: string[] = [];
  const backend = (name: string) => ({
    signCertificate: async () => {
      calls.push(`${name} signs`);
      return { certificate: '', certificateChain: '' };
    },
    revokeCertificate: async () => void calls.push(`${name} revokes`),
  });
  const authorities = new CertificateAuthorities({ acmPca: backend('ACM PCA'), kms: backend('KMS') });

  test.each([
    [PCA, 'ACM PCA'],
    ['arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555', 'KMS'],
    ['arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef', 'KMS'],
  ])('%s is an authority of %s', async (certificateAuthorityArn, name) => {
    calls.length = 0;
    const request = {
      order: { ...order, certificateAuthorityArn },
      publicKey: createPublicKey(privateKey),
      certificateSigningRequest: '',
      purpose: '',
    };
    await authorities.signCertificate(request, signal);
    await authorities.revokeCertificate(certificateAuthorityArn, '01', 'SUPERSEDED', signal);
    expect(calls).toEqual([`${name} signs`, `${name} revokes`]);
  });
});
