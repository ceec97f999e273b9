import { createPrivateKey, X509Certificate } from 'node:crypto';
import { CertificateIssuer, validityOf } from '../../../lambda/certificate-issuer/certificate-issuer';
import { ClientCertificate, SecretVersionError } from '../../../lambda/certificate-issuer/client-certificate';
import type { LogEntry } from '../../../lambda/log';
import { parseClientSecret, verifyClientSecret } from '../../../pki/client-secret';
import { createRequest, REQUEST_ID } from '../custom-resource/requests';
import { MemoryAuthority } from './memory-authority';
import { MemorySecrets } from './memory-secrets';
import { PROPERTIES } from './properties';

const OTHER_REQUEST_ID = '7a6b5c4d-1111-4222-8333-944455556666';
const signal = new AbortController().signal;

describe('the certificate of a client', () => {
  let authority: MemoryAuthority;
  let secrets: MemorySecrets;
  let certificate: ClientCertificate;
  const logs: LogEntry[] = [];

  const request = (properties: object = {}, requestId = REQUEST_ID) =>
    createRequest({ requestId, properties: { ...PROPERTIES, ...properties } });
  const stored = (versionId = REQUEST_ID) => parseClientSecret(secrets.versions.get(versionId) ?? '');

  beforeEach(async () => {
    logs.length = 0;
    authority = await MemoryAuthority.create();
    secrets = new MemorySecrets();
    const log = (entry: LogEntry) => void logs.push(entry);
    const now = () => new Date();
    certificate = new ClientCertificate(new CertificateIssuer(authority, now, log), secrets, now, log);
  });

  test('is in the current version of the secret, whose id is that of the request, when the answer goes out', async () => {
    const attributes = await certificate.apply(request(), signal);

    expect(secrets.current).toBe(REQUEST_ID);
    expect(() => verifyClientSecret(stored(), new Date())).not.toThrow();
    expect(attributes).toEqual({
      SerialNumber: stored().serialNumber,
      NotAfter: stored().notAfter,
      Fingerprint: stored().fingerprint,
      VersionId: REQUEST_ID,
    });
  });

  test('names the client by SPIFFE ID, DNS names and common name', async () => {
    await certificate.apply(request(), signal);

    const issued = new X509Certificate(stored().certificate);
    expect(issued.subject).toBe('CN=mail');
    expect(issued.subjectAltName).toBe('URI:spiffe://mesh.example.com/mail, DNS:mail.internal.example.com');
    expect(issued.checkPrivateKey(createPrivateKey(stored().privateKey))).toBe(true);
  });

  test.each(['EC_secp384r1', 'RSA_2048'])('belongs to a key of the algorithm ordered: %s', async (KeyAlgorithm) => {
    await certificate.apply(request({ KeyAlgorithm }), signal);

    expect(stored().keyAlgorithm).toBe(KeyAlgorithm);
    const { asymmetricKeyDetails } = createPrivateKey(stored().privateKey);
    expect(asymmetricKeyDetails).toMatchObject(
      KeyAlgorithm === 'RSA_2048' ? { modulusLength: 2048 } : { namedCurve: 'secp384r1' },
    );
  });

  test('is waited for while the authority issues it', async () => {
    authority.looksBeforeIssued = 3;

    await certificate.apply(request(), signal);

    expect(authority.looks).toBe(4);
  });

  test('is no longer waited for when the time is up', async () => {
    authority.looksBeforeIssued = Number.POSITIVE_INFINITY;

    await expect(certificate.apply(request(), AbortSignal.timeout(150))).rejects.toThrow();

    expect(secrets.versions.size).toBe(0);
  });

  test('is the same one when Lambda delivers the event again', async () => {
    const first = await certificate.apply(request(), signal);
    const second = await certificate.apply(request(), signal);

    expect(second).toEqual(first);
    expect(authority.requests).toHaveLength(1);
  });

  test('is the same one for two runs of an event at once', async () => {
    const [first, second] = await Promise.all([
      certificate.apply(request(), signal),
      certificate.apply(request(), signal),
    ]);

    expect(second).toEqual(first);
    expect(secrets.versions.size).toBe(1);
  });

  test('is that of its own key when an earlier run was lost after its request', async () => {
    const put = secrets.putCurrentVersion;
    secrets.putCurrentVersion = () => Promise.reject(new Error('killed'));
    await expect(certificate.apply(request(), signal)).rejects.toThrow('killed');
    secrets.putCurrentVersion = put;

    await certificate.apply(request(), signal);

    expect(() => verifyClientSecret(stored(), new Date())).not.toThrow();
  });

  test('is another one after a changed property', async () => {
    const first = await certificate.apply(request(), signal);
    const second = await certificate.apply(request({ ValidityHours: '24' }, OTHER_REQUEST_ID), signal);

    expect(second.Fingerprint).not.toBe(first.Fingerprint);
    expect(secrets.current).toBe(OTHER_REQUEST_ID);
  });

  test('is requested with a token that ACM PCA accepts, one for each key', async () => {
    await certificate.apply(request(), signal);
    await certificate.apply(request({}, OTHER_REQUEST_ID), signal);

    const tokens = authority.requests.map(({ idempotencyToken }) => idempotencyToken);
    expect(new Set(tokens).size).toBe(2);
    for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{1,36}$/);
  });

  test('is not stored when the authority gave it to somebody else', async () => {
    authority.names = () => [{ type: 'url', value: 'spiffe://mesh.example.com/social' }];

    await expect(certificate.apply(request(), signal)).rejects.toThrow(/SPIFFE ID/);

    expect(secrets.versions.size).toBe(0);
  });

  test('is refused when the version of the request holds that of another client', async () => {
    await certificate.apply(request({ ClientName: 'social', SpiffeId: 'spiffe://mesh.example.com/social' }), signal);

    await expect(certificate.apply(request(), signal)).rejects.toThrow(SecretVersionError);
  });

  test('is refused when the version of the request holds no certificate', async () => {
    secrets.versions.set(REQUEST_ID, '{"password":"hunter2"}');

    const applied = certificate.apply(request(), signal);

    await expect(applied).rejects.toThrow(/the secret/);
    await expect(applied).rejects.not.toThrow(/hunter2/);
    expect(authority.requests).toHaveLength(0);
  });

  test('is identified by its SPIFFE ID alone', () => {
    expect(certificate.identify({ ...PROPERTIES })).toBe('spiffe://mesh.example.com/mail');
    expect(certificate.identify({ SpiffeId: PROPERTIES.SpiffeId })).toBe('spiffe://mesh.example.com/mail');
  });

  test('leaves its private key in the secret only', async () => {
    const attributes = await certificate.apply(request(), signal);
    await certificate.apply(request(), signal);

    const told = JSON.stringify([logs, attributes]);
    const key = stored().privateKey.split('\n')[1] ?? '';
    expect(key).toHaveLength(64);
    expect(told).not.toContain(key);
    expect(told).not.toContain('PRIVATE KEY');
    expect(logs.map(({ event }) => event)).toEqual([
      'certificate-requested',
      'certificate-issued',
      'secret-stored',
      'certificate-found',
    ]);
  });
});

describe('the validity of a certificate', () => {
  const now = new Date('2026-11-22T12:00:00.900Z');

  test('is counted in days when they are whole', () => {
    expect(validityOf(168, now)).toEqual({ type: 'DAYS', value: 7 });
  });

  test('is an absolute time in seconds otherwise, as ACM PCA knows no hours', () => {
    expect(validityOf(36, now)).toEqual({ type: 'ABSOLUTE', value: Date.parse('2026-11-24T00:00:00Z') / 1000 });
  });
});
