import type { KeyAlgorithm } from '../../../../pki/keys';
import 'reflect-metadata';
import { createPublicKey, type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { failureSentence } from '../../../../aws/failure';
import {
  CertificateRequestRefusal,
  type HttpCertificateRequest,
} from '../../../../lambda/certificate-issuer/request/http';
import { verifyCertificateDocument } from '../../../../mesh/certificate-document';
import { createCertificateSigningRequest } from '../../../../pki/certificate-signing-request';
import { generatePrivateKey } from '../../../../pki/keys';
import { encodePem, readPemBlocks } from '../../../../pki/pem';
import type { RegistryClient } from '../../../../registry/records';
import { MemoryBus } from '../../../registry/memory-bus';
import { MemoryRegistry } from '../../../registry/memory-registry';
import { createRequest } from '../../custom-resource/requests';
import { issuerWith } from '../issuer';
import { MemoryAuthority } from '../memory-authority';
import { MemorySecrets } from '../memory-secrets';
import { PROPERTIES } from '../properties';
import { MAIL_SESSION } from './request-events';

const MAIL_ROLE = 'arn:aws:iam::111122223333:role/apps/MailApp';
const REQUESTED_BY = 'arn:aws:iam::111122223333:role/MailApp';
const FORBIDDEN = 'the caller may not request certificates of this client';
const REVOKED = 'the certificate of this request is revoked: generate another key';
const OTHER_REQUEST_ID = '7a6b5c4d-1111-4222-8333-944455556666';
const signal = new AbortController().signal;

let authority: MemoryAuthority;
let registry: MemoryRegistry;
let secrets: MemorySecrets;
let bus: MemoryBus;
let issuer: ReturnType<typeof issuerWith>;
let offset: number;
let key: KeyObject;
let csr: string;

beforeEach(async () => {
  offset = 0;
  authority = await MemoryAuthority.create();
  authority.now = () => Date.now() + offset;
  registry = new MemoryRegistry();
  secrets = new MemorySecrets();
  bus = new MemoryBus();
  issuer = issuerWith({ authority, registry, secrets, bus, now: () => new Date(Date.now() + offset) });
  await deploy({ SecretId: undefined, Requesters: [MAIL_ROLE] });
  key = await generatePrivateKey('EC_prime256v1');
  csr = createCertificateSigningRequest(key, 'mail');
});

const deploy = (properties: object, requestId?: string) =>
  issuer.clientCertificateResource.apply(
    createRequest({ ...(requestId && { requestId }), properties: { ...PROPERTIES, ...properties } }),
    signal,
  );

const request = (changes: Partial<HttpCertificateRequest> = {}) =>
  issuer.requestedCertificates.issue(
    { callerArn: MAIL_SESSION, clientName: 'mail', certificateSigningRequest: csr, ...changes },
    signal,
  );

const change = (changes: Partial<RegistryClient>) => {
  const client = registry.clients.get('mail');
  if (client !== undefined) registry.clients.set('mail', { ...client, ...changes });
};

async function refusalOf(requested: Promise<unknown>): Promise<{ status: number; message: string; reason: string }> {
  const error = await requested.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CertificateRequestRefusal)) throw new Error('the request was not refused', { cause: error });
  return { status: error.status, message: error.message, reason: failureSentence(error) };
}

const OTHER_AUTHORITY =
  'arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/00000000-0000-4000-8000-000000000002';

describe('a certificate by request', () => {
  test('is for the key that the caller holds, in the identity that the registry has', async () => {
    const document = await request();

    const holder = { spiffeId: 'spiffe://mesh.example.com/mail', publicKey: createPublicKey(key) };
    expect(() => verifyCertificateDocument(document, holder, new Date())).not.toThrow();
    const certificate = new X509Certificate(document.certificate);
    expect(certificate.subject).toBe('CN=mail');
    expect(certificate.subjectAltName).toBe('URI:spiffe://mesh.example.com/mail, DNS:mail.internal.example.com');
    expect(certificate.checkPrivateKey(key)).toBe(true);
  });

  test('is in the registry before it is handed out, with who asked, and current', async () => {
    const document = await request();

    const known = registry.certificates.get(document.fingerprint);
    expect(known).toMatchObject({
      clientName: 'mail',
      serialNumber: document.serialNumber,
      status: 'ISSUED',
      issuedBy: 'request',
      requestedBy: REQUESTED_BY,
      currentSince: expect.stringMatching(/Z$/),
    });
    expect(known).not.toHaveProperty('secretVersionId');
  });

  test('is not handed out when the registry can not be written', async () => {
    registry.addCertificate = () => Promise.reject(new Error('throttled'));

    await expect(request()).rejects.toThrow('throttled');
  });

  test('is counted, logged and told like every other', async () => {
    const { serialNumber } = await request();

    expect(issuer.metric('CertificatesIssued')).toEqual([1]);
    expect(bus.events).toEqual([
      { type: 'Certificate Issued', detail: expect.objectContaining({ clientName: 'mail', serialNumber }) },
    ]);
    expect(issuer.logs).toContainEqual(
      expect.objectContaining({ event: 'certificate-issued', serialNumber, requestedBy: REQUESTED_BY }),
    );
  });

  test('leaves the certificate in the secret of a client that has one the current one', async () => {
    await deploy({ Requesters: [MAIL_ROLE] });

    const { fingerprint } = await request();

    expect(registry.certificates.get(fingerprint)).not.toHaveProperty('currentSince');
  });

  test('is the same one when its request is repeated, and another one for another key', async () => {
    const first = await request();
    const other = createCertificateSigningRequest(await generatePrivateKey('EC_prime256v1'), 'mail');

    expect(await request()).toEqual(first);
    expect((await request({ certificateSigningRequest: other })).serialNumber).not.toBe(first.serialNumber);
  });

  test('is another one when its request is repeated after the client was changed', async () => {
    await request();
    await deploy({
      SecretId: undefined,
      Requesters: ['arn:aws:iam::111122223333:user/other', MAIL_ROLE],
      DnsNames: [],
    });

    const { certificate } = await request();

    expect(new X509Certificate(certificate).subjectAltName).toBe('URI:spiffe://mesh.example.com/mail');
  });

  test.each([
    ['signing algorithm', { SigningAlgorithm: 'SHA384WITHECDSA' }],
    ['validity', { ValidityHours: '24' }],
    ['authority', { CertificateAuthorityArn: OTHER_AUTHORITY }],
  ])('is requested anew when the key is the same and the %s of the client has changed', async (_what, changed) => {
    await request();
    await deploy({ SecretId: undefined, Requesters: [MAIL_ROLE], ...changed });

    await request();

    const [before, after, ...others] = authority.requests.map(({ idempotencyToken }) => idempotencyToken);
    expect(others).toEqual([]);
    expect(after).not.toBe(before);
  });

  test('is not handed out again once it is revoked', async () => {
    const { fingerprint } = await request();
    await registry.markRevoked(
      { clientName: 'mail', fingerprint },
      { revokedAt: new Date().toISOString(), revokedBy: 'deployment', revocationReason: 'KEY_COMPROMISE' },
    );

    expect(await refusalOf(request())).toMatchObject({ status: 400, message: REVOKED });
  });

  test('is not for the key of another client, even if the same role may request for both', async () => {
    const social = { ClientName: 'social', SpiffeId: 'spiffe://mesh.example.com/social', DnsNames: [] };
    await deploy({ ...social, SecretId: undefined, Requesters: [MAIL_ROLE] });
    const anonymous = await foreignRequest({ name: 'O=Example' });
    await request({ certificateSigningRequest: anonymous });
    const issued = authority.requests.length;

    expect(await refusalOf(request({ clientName: 'social', certificateSigningRequest: anonymous }))).toMatchObject({
      status: 400,
      message: 'this key belongs to another client: generate another key',
    });
    expect(authority.requests).toHaveLength(issued);
  });

  test('is not for a key that was revoked, however long ago', async () => {
    const { fingerprint } = await request();
    const certificate = registry.certificates.get(fingerprint);
    if (certificate?.publicKeyHash === undefined) throw new Error('the certificate is recorded without its key');
    await issuer.operatorRevocation.run(
      { clientName: 'mail', reason: 'KEY_COMPROMISE', by: 'operator' },
      signal,
      signal,
    );
    registry.certificates.clear();
    const issued = authority.requests.length;

    expect(await refusalOf(request())).toMatchObject({
      status: 400,
      message: 'a certificate for this key was revoked: generate another key',
    });
    expect(authority.requests).toHaveLength(issued);
  });

  test('is not handed out if its key was revoked while the authority issued it', async () => {
    await request();
    offset = 600_000;
    const issue = authority.issueCertificate.bind(authority);
    authority.issueCertificate = async (asked) => {
      await issuer.operatorRevocation.run(
        { clientName: 'mail', reason: 'KEY_COMPROMISE', by: 'operator' },
        signal,
        signal,
      );
      return issue(asked);
    };

    expect(await refusalOf(request())).toMatchObject({
      status: 400,
      message: 'a certificate for this key was revoked: generate another key',
    });
  });

  test('is one of a limited number of valid ones', async () => {
    await deploy({ SecretId: undefined, Requesters: [MAIL_ROLE], CertificateLimit: '2' });
    const another = async () => request({ certificateSigningRequest: await foreignRequest({ name: 'CN=mail' }) });
    const first = await another();
    await another();

    expect(await refusalOf(another())).toMatchObject({
      status: 409,
      message: expect.stringMatching(
        /^the client has 2 valid certificates, and its limit is 2: wait until one expires/,
      ),
    });
    const { fingerprint } = first;
    const order = { clientName: 'mail', fingerprints: [fingerprint], reason: 'SUPERSEDED', by: 'operator' } as const;
    await issuer.operatorRevocation.run(order, signal, signal);
    await expect(another()).resolves.toMatchObject({ serialNumber: expect.any(String) });
  });

  test('is not handed out when the client was removed meanwhile', async () => {
    const issue = authority.issueCertificate.bind(authority);
    authority.issueCertificate = (asked) => {
      registry.clients.delete('mail');
      return issue(asked);
    };

    expect(await refusalOf(request())).toMatchObject({ status: 403, message: FORBIDDEN });
  });

  test.each<KeyAlgorithm>(['EC_secp384r1', 'RSA_2048'])(
    'may be for a key of %s if the client must have one',
    async (one) => {
      change({ keyAlgorithm: one });
      const certificateSigningRequest = createCertificateSigningRequest(await generatePrivateKey(one), 'mail');

      await expect(request({ certificateSigningRequest })).resolves.toMatchObject({ serialNumber: expect.any(String) });
    },
  );

  test('is refused when the authority answers with the certificate of another key or name', async () => {
    const strange = await generatePrivateKey('EC_prime256v1');
    const issue = authority.issueCertificate.bind(authority);
    authority.issueCertificate = (asked) =>
      issue({ ...asked, certificateSigningRequest: createCertificateSigningRequest(strange, 'mail') });
    await expect(request()).rejects.toThrow("the certificate's key is not the client's");

    authority.issueCertificate = issue;
    authority.names = () => [{ type: 'url', value: 'spiffe://mesh.example.com/social' }];
    const another = createCertificateSigningRequest(await generatePrivateKey('EC_prime256v1'), 'mail');
    await expect(request({ certificateSigningRequest: another })).rejects.toThrow("is not the client's");

    expect(registry.certificates.size).toBe(0);
  });
});

describe('who may not ask gets one and the same answer, and the log the reason', () => {
  test.each<[string, Partial<HttpCertificateRequest>, RegExp]>([
    ['asks for a client that does not exist', { clientName: 'nobody' }, /the registry has no client nobody$/],
    [
      'is another role',
      { callerArn: 'arn:aws:sts::111122223333:assumed-role/SocialApp/session' },
      /arn:aws:iam::111122223333:role\/SocialApp is not allowed to request certificates of client mail$/,
    ],
    [
      'is a role of that name in another account',
      { callerArn: 'arn:aws:sts::999988887777:assumed-role/MailApp/session' },
      /is not allowed to request/,
    ],
    [
      'is a role in another case',
      { callerArn: 'arn:aws:sts::111122223333:assumed-role/MAILAPP/x1' },
      /is not allowed to request/,
    ],
    [
      'has a session name with slashes',
      { callerArn: 'arn:aws:sts::111122223333:assumed-role/SocialApp/assumed-role/MailApp/x1' },
      /is neither an IAM role nor a user/,
    ],
    [
      'is the root of the account',
      { callerArn: 'arn:aws:iam::111122223333:root' },
      /is neither an IAM role nor a user/,
    ],
    ['is federated', { callerArn: 'arn:aws:sts::111122223333:federated-user/MailApp' }, /is neither an IAM role/],
    ['is nobody', { callerArn: undefined }, /is neither an IAM role nor a user: unknown$/],
  ])('who %s', async (_name, changes, reason) => {
    expect(await refusalOf(request(changes))).toEqual({
      status: 403,
      message: FORBIDDEN,
      reason: expect.stringMatching(reason),
    });
    expect(authority.requests).toEqual([]);
  });

  test('who asks for a disabled client', async () => {
    change({ state: 'DISABLED' });
    expect(await refusalOf(request())).toEqual({
      status: 403,
      message: FORBIDDEN,
      reason: `${FORBIDDEN}: client mail is disabled`,
    });
  });

  test('who is no longer granted it, or never was', async () => {
    await deploy({ SecretId: undefined });
    expect(await refusalOf(request())).toMatchObject({
      status: 403,
      reason: expect.stringMatching(/is not allowed to request/),
    });
  });

  test('and learns nothing of the client from a broken request', async () => {
    const broken = { certificateSigningRequest: 'hello' };
    expect(await refusalOf(request({ ...broken, clientName: 'nobody' }))).toMatchObject({ message: FORBIDDEN });
    expect(await refusalOf(request({ ...broken, callerArn: undefined }))).toMatchObject({ message: FORBIDDEN });
  });
});

interface Foreign {
  readonly name?: string;
  readonly names?: x509.JsonGeneralNames;
  readonly hash?: string;
  readonly extensions?: x509.Extension[];
}

/** A request by other people's code, with what our own would never put into one. */
async function foreignRequest({
  name = 'CN=mail',
  names,
  hash = 'SHA-256',
  extensions = [],
}: Foreign): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: algorithm,
    extensions: [...(names ? [new x509.SubjectAlternativeNameExtension(names)] : []), ...extensions],
  });
  return made.toString('pem');
}

describe('a request that names somebody else is refused', () => {
  test.each<[string, Foreign, string]>([
    ['by common name', { name: 'CN=social' }, 'a common name must be mail'],
    ['by one of two common names', { name: 'CN=mail, CN=social' }, 'a common name must be mail'],
    ['by an empty common name', { name: 'CN=' }, 'a common name must be mail'],
    ['by common name in another case', { name: 'CN=Mail' }, 'a common name must be mail'],
    [
      'by SPIFFE ID',
      { names: [{ type: 'url', value: 'spiffe://mesh.example.com/social' }] },
      'a URI must be spiffe://mesh.example.com/mail',
    ],
    [
      'by a second SPIFFE ID',
      { names: ['mail', 'social'].map((one) => ({ type: 'url', value: `spiffe://mesh.example.com/${one}` })) },
      'a URI must be spiffe://mesh.example.com/mail',
    ],
    [
      'by DNS name',
      { names: [{ type: 'dns', value: 'social.example.com' }] },
      'a DNS name must be mail.internal.example.com',
    ],
  ])('%s', async (_name, foreign, rule) => {
    expect(await refusalOf(request({ certificateSigningRequest: await foreignRequest(foreign) }))).toMatchObject({
      status: 400,
      message: `the request has a name that is not the client's: ${rule}`,
    });
    expect(authority.requests).toEqual([]);
  });

  test('while its own names, or none, are what it gets anyway', async () => {
    const own: x509.JsonGeneralNames = [
      { type: 'url', value: 'spiffe://mesh.example.com/mail' },
      { type: 'dns', value: 'mail.internal.example.com' },
    ];
    for (const foreign of [
      { name: 'O=Example, CN=mail', names: own },
      { name: '', names: own },
      { name: 'O=Example' },
    ]) {
      const document = await request({ certificateSigningRequest: await foreignRequest(foreign) });
      expect(new X509Certificate(document.certificate).subject).toBe('CN=mail');
    }
  });

  test('and one without any name, which ACM PCA would not take', async () => {
    expect(await refusalOf(request({ certificateSigningRequest: await foreignRequest({ name: '' }) }))).toMatchObject({
      status: 400,
      message: 'the request must have a subject or a subject alternative name',
    });
  });

  test('while an authority it asks to be is none', async () => {
    const extensions = [new x509.BasicConstraintsExtension(true, undefined, true)];
    const document = await request({ certificateSigningRequest: await foreignRequest({ extensions }) });
    expect(new X509Certificate(document.certificate).ca).toBe(false);
  });
});

describe('a request without proof of possession, or of another key, is refused', () => {
  const der = () => readPemBlocks(csr)[0]?.der ?? Buffer.of();

  test.each<[string, () => string | Promise<string>, string]>([
    [
      'a broken signature',
      () => {
        const forged = Buffer.from(der());
        forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
        return encodePem('CERTIFICATE REQUEST', forged);
      },
      "the request's signature does not verify with the public key inside it",
    ],
    [
      'the public key of somebody else',
      async () => {
        const other = await generatePrivateKey('EC_prime256v1');
        const spki = (one: KeyObject) =>
          createPublicKey(one).export({ format: 'der', type: 'spki' }).toString('latin1');
        const forged = der().toString('latin1').replace(spki(key), spki(other));
        return encodePem('CERTIFICATE REQUEST', Buffer.from(forged, 'latin1'));
      },
      "the request's signature does not verify with the public key inside it",
    ],
    [
      'a weak hash',
      () => foreignRequest({ hash: 'SHA-1' }),
      'the request must be signed with SHA-256 or stronger by an RSA or ECDSA key, got 1.2.840.10045.4.1',
    ],
    [
      'a key of another size',
      async () => createCertificateSigningRequest(await generatePrivateKey('EC_secp384r1'), 'mail'),
      'the key must be EC_prime256v1, got EC_secp384r1',
    ],
    [
      'a key of another kind',
      async () => createCertificateSigningRequest(await generatePrivateKey('RSA_2048'), 'mail'),
      'the key must be EC_prime256v1, got RSA_2048',
    ],
    ['no request', () => 'hello', 'the text must contain exactly one PEM block "CERTIFICATE REQUEST"'],
    ['two requests', () => csr + csr, 'the text must contain exactly one PEM block "CERTIFICATE REQUEST"'],
    [
      'an address among its names',
      () => foreignRequest({ names: [{ type: 'ip', value: '192.0.2.1' }] }),
      'subject alternative names must be URIs or DNS names',
    ],
  ])('%s', async (_name, text, message) => {
    const certificateSigningRequest = await text();
    expect(await refusalOf(request({ certificateSigningRequest }))).toMatchObject({ status: 400, message });
    expect(authority.requests).toEqual([]);
  });

  test('and what stands around a request does not reach the authority', async () => {
    await request({ certificateSigningRequest: `remarks\n${csr}more remarks\n` });
    expect(authority.requests).toEqual([expect.objectContaining({ certificateSigningRequest: csr })]);
  });
});

describe('beside a secret', () => {
  const HOUR = 3_600_000;

  beforeEach(() => deploy({ Requesters: [MAIL_ROLE], OverlapHours: '1' }));

  test('a requested certificate outlives deployments and rotations, and is no lost one of theirs', async () => {
    const { fingerprint } = await request();
    offset += HOUR;
    await deploy({ Requesters: [MAIL_ROLE], OverlapHours: '1', ValidityHours: '48' }, OTHER_REQUEST_ID);
    offset += 2 * HOUR;
    await issuer.maintenance.run(signal);

    const known = registry.certificates.get(fingerprint);
    expect(known).toMatchObject({ status: 'ISSUED' });
    expect(known).not.toHaveProperty('refuseAfter');
  });

  test('a client that kept its own key before keeps the certificates that it asked for', async () => {
    await deploy({ SecretId: undefined, Requesters: [MAIL_ROLE] });
    const { fingerprint } = await request();
    offset += HOUR;
    await deploy({ OverlapHours: '1' }, OTHER_REQUEST_ID);
    offset += 2 * HOUR;
    await issuer.maintenance.run(signal);

    expect(registry.certificates.get(fingerprint)).toMatchObject({ status: 'ISSUED' });
  });
});

describe('a client that keeps its own key', () => {
  test('has no certificate by its deployment', async () => {
    expect(await deploy({ SecretId: undefined, Requesters: [MAIL_ROLE] })).toEqual({});
    expect(registry.clients.get('mail')).toMatchObject({ secretId: undefined, requesters: [MAIL_ROLE] });
    expect([authority.requests, secrets.versions.size]).toEqual([[], 0]);
  });

  test('has its expiry watched', async () => {
    const { serialNumber } = await request();
    offset = 5 * 24 * 3_600_000;
    await issuer.maintenance.run(signal);

    expect(issuer.metric('CertificatesExpiring')).toEqual([1]);
    expect(bus.events.at(-1)).toMatchObject({ type: 'Certificate Expiring', detail: { serialNumber } });
  });

  test('loses its certificates when it is removed', async () => {
    const { fingerprint } = await request();
    await issuer.clientCertificateResource.remove(
      createRequest({ properties: { ...PROPERTIES, SecretId: undefined } }),
      signal,
    );

    expect(registry.clients.size).toBe(0);
    expect(registry.certificates.get(fingerprint)).toMatchObject({
      status: 'REVOKED',
      revocationReason: 'CESSATION_OF_OPERATION',
    });
  });

  test('is not rotated', async () => {
    const versionId = 'aaaaaaaa-0000-4000-8000-000000000001';
    secrets.beginRotation(versionId);
    const rotated = issuer.rotation.run({ step: 'createSecret', secretId: PROPERTIES.SecretId, versionId }, signal);
    await expect(rotated).rejects.toThrow('the secret of client mail is none: the client keeps its own key');
  });
});

test.each([
  [['arn:aws:iam::111122223333:root'], /^Requesters\[0\] must be the ARN of an IAM role or user, got/],
  [[MAIL_ROLE, '*'], /^Requesters\[1\] must be the ARN/],
  ['arn:aws:iam::111122223333:role/MailApp', /^Requesters must be a list of strings/],
])('a deployment that grants requests to %j fails', async (Requesters, message) => {
  await expect(deploy({ Requesters })).rejects.toThrow(message);
});
