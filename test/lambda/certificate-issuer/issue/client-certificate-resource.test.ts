import { createPrivateKey, X509Certificate } from 'node:crypto';
import { scheduler } from 'node:timers/promises';
import { AwsCallError } from '../../../../aws/aws-error';
import type { LogEntry } from '../../../../aws/cloudwatch';
import { failureSentence } from '../../../../aws/failure';
import { validityOf } from '../../../../lambda/certificate-issuer/authority/acm-pca-backend';
import type { ClientCertificateResource } from '../../../../lambda/certificate-issuer/issue/client-certificate-resource';
import { SecretVersionError } from '../../../../lambda/certificate-issuer/issue/secret-versions';
import { whenPermitted } from '../../../../lambda/custom-resource/new-permission';
import { parseClientSecret, verifyClientSecret } from '../../../../mesh/client-secret';
import { MemoryBus } from '../../../registry/memory-bus';
import { MemoryRegistry } from '../../../registry/memory-registry';
import { createRequest, REQUEST_ID } from '../../custom-resource/requests';
import { issuerWith } from '../issuer';
import { MemoryAuthority } from '../memory-authority';
import { MemorySecrets } from '../memory-secrets';
import { PROPERTIES } from '../properties';

const OTHER_REQUEST_ID = '7a6b5c4d-1111-4222-8333-944455556666';
const signal = new AbortController().signal;

const SOCIAL_SECRET = PROPERTIES.SecretId.replace('/mail-', '/social-');

describe('the certificate of a client', () => {
  let authority: MemoryAuthority;
  let secrets: MemorySecrets;
  let registry: MemoryRegistry;
  let bus: MemoryBus;
  let certificate: ClientCertificateResource;
  let logs: LogEntry[];

  const request = (properties: object = {}, requestId = REQUEST_ID) =>
    createRequest({ requestId, properties: { ...PROPERTIES, ...properties } });
  const stored = (versionId = REQUEST_ID) => parseClientSecret(secrets.versions.get(versionId) ?? '');
  const registered = (versionId = REQUEST_ID) => registry.certificates.get(stored(versionId).fingerprint);

  beforeEach(async () => {
    authority = await MemoryAuthority.create();
    secrets = new MemorySecrets();
    registry = new MemoryRegistry();
    bus = new MemoryBus();
    const issuer = issuerWith({ authority, registry, secrets, bus });
    certificate = issuer.clientCertificateResource;
    logs = issuer.logs;
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

  test('is never in a secret of another account than that of its stack', async () => {
    const elsewhere = createRequest().stackId.replace('111122223333', '444455556666');
    const stacks = [
      { ...request(), stackId: elsewhere },
      { ...request({ SecretId: 'mesh.example.com/mail' }), stackId: elsewhere },
      request({ SecretId: PROPERTIES.SecretId.replace('111122223333', '444455556666') }),
    ];
    for (const foreign of stacks) {
      await expect(certificate.apply(foreign, signal)).rejects.toThrow(
        'SecretId must be a secret in the account of the stack',
      );
    }
    expect(secrets.versions.size).toBe(0);
    expect(registry.certificates.size).toBe(0);
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

  test('is recorded nowhere when the time ends while the authority issues it', async () => {
    const controller = new AbortController();
    const getCertificate = authority.getCertificate.bind(authority);
    authority.looksBeforeIssued = 0;
    authority.getCertificate = (...given) => {
      controller.abort(new Error('the time is over'));
      return getCertificate(...given);
    };

    await expect(certificate.apply(request(), controller.signal)).rejects.toThrow('the time is over');

    expect([registry.certificates.size, secrets.versions.size]).toEqual([0, 0]);
  });

  test('is not written to the secret when the time ends while the registry records it', async () => {
    const controller = new AbortController();
    const addCertificate = registry.addCertificate.bind(registry);
    registry.addCertificate = async (...given) => {
      await addCertificate(...given);
      controller.abort(new Error('the time is over'));
    };

    await expect(certificate.apply(request(), controller.signal)).rejects.toThrow('the time is over');

    expect([registry.certificates.size, secrets.versions.size]).toEqual([1, 0]);
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
    const put = secrets.putVersion;
    secrets.putVersion = () => Promise.reject(new Error('killed'));
    await expect(certificate.apply(request(), signal)).rejects.toThrow('killed');
    secrets.putVersion = put;

    await certificate.apply(request(), signal);

    expect(() => verifyClientSecret(stored(), new Date())).not.toThrow();
  });

  describe('while a permission is missing', () => {
    const denied = new AwsCallError('any:Call', 'AccessDeniedException', 'no');
    const apply = () => whenPermitted((limited) => certificate.apply(request(), limited), signal);

    beforeEach(() => void jest.spyOn(scheduler, 'wait').mockResolvedValue());
    afterEach(() => jest.restoreAllMocks());

    test('is issued once when the secret can not be written for good', async () => {
      const put = jest.spyOn(secrets, 'putVersion').mockRejectedValue(denied);
      await expect(apply()).rejects.toThrow('denied in all of 10 attempts');

      expect(put).toHaveBeenCalledTimes(10);
      expect(authority.requests).toHaveLength(1);
      expect(registry.certificates.size).toBe(1);
    });

    test.each<[string, () => unknown]>([
      ['got from the authority', () => jest.spyOn(authority, 'getCertificate').mockRejectedValueOnce(denied)],
      ['recorded', () => jest.spyOn(registry, 'addCertificate').mockRejectedValueOnce(denied)],
      ['stored', () => jest.spyOn(secrets, 'putVersion').mockRejectedValueOnce(denied)],
    ])('is the one that can not be %s at first', async (_what, deny) => {
      deny();
      const { Fingerprint } = await apply();

      expect(new Set(authority.requests.map(({ idempotencyToken }) => idempotencyToken)).size).toBe(1);
      expect([...registry.certificates.keys()]).toEqual([Fingerprint]);
    });
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
    const social = { ClientName: 'social', SpiffeId: 'spiffe://mesh.example.com/social', SecretId: SOCIAL_SECRET };
    await certificate.apply(request(social), signal);

    await expect(certificate.apply(request(), signal)).rejects.toThrow(SecretVersionError);
  });

  test('is not put into the own secret of the stack when a deployment adopts it, because that deletes it', async () => {
    const adopted = { ...request({ SecretId: 'mesh.example.com/mail' }), requestType: 'Update' };
    await expect(certificate.apply({ ...adopted, oldProperties: PROPERTIES }, signal)).rejects.toThrow(
      'adoptSecret would take the secret of client mail out of its stack',
    );
    expect(registry.clients.size).toBe(0);
  });

  test.each<[string, object]>([
    ['was adopted before', { SecretId: 'mesh.example.com/mail' }],
    ['the client of another trust domain had', { SecretId: PROPERTIES.SecretId.replace('mesh.', 'former.') }],
    ['another client had', { SecretId: SOCIAL_SECRET }],
    ['no client had', { SecretId: undefined }],
  ])('is put into an adopted secret by an update, if it is one that %s', async (_what, before) => {
    const adopted = { ...request({ SecretId: 'mesh.example.com/mail' }), requestType: 'Update' };
    const oldProperties = { ...PROPERTIES, ...before };
    await expect(certificate.apply({ ...adopted, oldProperties }, signal)).resolves.toMatchObject({});
    expect(registry.clients.get('mail')?.secretId).toBe(PROPERTIES.SecretId);
  });

  test('is put into the own secret again when the adoption of it is rolled back', async () => {
    const rollback = { ...request(), requestType: 'Update' };
    const oldProperties = { ...PROPERTIES, SecretId: 'mesh.example.com/mail' };
    await expect(certificate.apply({ ...rollback, oldProperties }, signal)).resolves.toMatchObject({});
  });

  test('is put into an adopted secret, which is declared by its name', async () => {
    await certificate.apply(request({ SecretId: 'mesh.example.com/mail' }), signal);

    expect(registry.clients.get('mail')?.secretId).toBe(PROPERTIES.SecretId);
    await expect(certificate.apply(request({ SecretId: 'mesh.example.com/social' }), signal)).rejects.toThrow(
      'SecretId must be the ARN of a secret',
    );
  });

  test('is not put into the secret of another client', async () => {
    await expect(certificate.apply(request({ SecretId: SOCIAL_SECRET }), signal)).rejects.toThrow(
      'SecretId must be the secret mesh.example.com/mail',
    );
    expect([registry.clients.size, secrets.versions.size, authority.requests.length]).toEqual([0, 0, 0]);
  });

  test('is refused when the version of the request holds no certificate', async () => {
    secrets.versions.set(REQUEST_ID, '{"password":"hunter2"}');

    const applied = certificate.apply(request(), signal);

    await expect(applied).rejects.toThrow(SecretVersionError);
    expect(failureSentence(await applied.catch((error) => error))).toMatch(/can't serve the client: the secret/);
    expect(failureSentence(await applied.catch((error) => error))).not.toMatch(/hunter2/);
    expect(authority.requests).toHaveLength(0);
  });

  test('is identified by its SPIFFE ID alone', () => {
    expect(certificate.identify({ ...PROPERTIES })).toBe('spiffe://mesh.example.com/mail');
    expect(certificate.identify({ SpiffeId: PROPERTIES.SpiffeId })).toBe('spiffe://mesh.example.com/mail');
  });

  test('leaves its private key in the secret only', async () => {
    const attributes = await certificate.apply(request(), signal);
    await certificate.apply(request(), signal);

    const told = JSON.stringify([logs, attributes, bus.events, [...registry.certificates.values()]]);
    const key = stored().privateKey.split('\n')[1] ?? '';
    expect(key).toHaveLength(64);
    expect(told).not.toContain(key);
    expect(told).not.toContain('PRIVATE KEY');
    expect(logs.map(({ event }) => event)).toEqual([
      'client-registered',
      'certificate-requested',
      'certificate-issued',
      'metric',
      'secret-stored',
      'client-registered',
      'certificate-found',
    ]);
  });

  test('is in the registry, with its client, before it is in the secret', async () => {
    const put = secrets.putVersion;
    secrets.putVersion = (...written) => {
      expect(registry.clients.get('mail')).toBeDefined();
      expect([...registry.certificates.values()]).toMatchObject([{ status: 'ISSUED', secretVersionId: REQUEST_ID }]);
      return put.apply(secrets, written);
    };

    await certificate.apply(request(), signal);

    const { serialNumber, fingerprint, notBefore, notAfter } = stored();
    expect(registered()).toMatchObject({ serialNumber, fingerprint, notBefore, notAfter });
    expect(registered()).toMatchObject({ issuedBy: 'deployment', issuer: 'CN=Test Root' });
    expect(registered()?.certificateArn).toMatch(/\/certificate\/1$/);
    expect(registered()?.currentSince).toBeDefined();
    expect(registered()?.authoritiesNotAfter).toBe(authority.root.notAfter.toISOString());
    expect(registered()?.expiresAt).toBe(Date.parse(notAfter) / 1000 + 90 * 86_400);
    expect.assertions(8);
  });

  test('leaves its client disabled when somebody has disabled it', async () => {
    await certificate.apply(request(), signal);
    const client = registry.clients.get('mail');
    if (client) registry.clients.set('mail', { ...client, state: 'DISABLED' });

    await certificate.apply(request({ ValidityHours: '24' }, OTHER_REQUEST_ID), signal);

    expect(registry.clients.get('mail')).toMatchObject({ state: 'DISABLED', validityHours: 24 });
  });

  test('replaces the one before it, which stays usable for the overlap ordered', async () => {
    await certificate.apply(request(), signal);
    await certificate.apply(request({ OverlapHours: '2' }, OTHER_REQUEST_ID), signal);

    const { refuseAfter = '' } = registered() ?? {};
    const { currentSince = '', refuseAfter: never } = registered(OTHER_REQUEST_ID) ?? {};
    expect(Date.parse(refuseAfter) - Date.parse(currentSince)).toBe(2 * 3_600_000);
    expect(never).toBeUndefined();
  });

  test('replaces nothing when its event is delivered again after a later one', async () => {
    await certificate.apply(request({ OverlapHours: '2' }), signal);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await certificate.apply(request({ OverlapHours: '2' }, OTHER_REQUEST_ID), signal);
    await certificate.apply(request({ OverlapHours: '2' }), signal);

    expect(registered(OTHER_REQUEST_ID)?.refuseAfter).toBeUndefined();
    expect(registered()?.refuseAfter).toBeDefined();
  });

  test.each(['-1', '1.5', 'never', '1e3', ''])('is refused with an overlap of %p hours', async (OverlapHours) => {
    await expect(certificate.apply(request({ OverlapHours }), signal)).rejects.toThrow(/^OverlapHours must be/);
  });

  test('is refused for a client of another trust domain', async () => {
    const applied = certificate.apply(request({ SpiffeId: 'spiffe://other.example.com/mail' }), signal);

    await expect(applied).rejects.toThrow("SpiffeId must be in the issuer's trust domain mesh.example.com");
    expect(registry.clients.size).toBe(0);
  });

  test('is revoked, and its client forgotten, when the resource is deleted', async () => {
    await certificate.apply(request(), signal);

    await certificate.remove(request(), signal);
    await certificate.remove(request(), signal);

    expect(registry.clients.size).toBe(0);
    expect(registered()).toMatchObject({
      status: 'REVOKED',
      revokedBy: 'deployment',
      revocationReason: 'CESSATION_OF_OPERATION',
    });
    expect(bus.types()).toEqual(['Certificate Issued', 'Certificate Revoked']);
  });

  test('is revoked when its item is malformed, which the log says', async () => {
    await certificate.apply(request(), signal);
    const key = { partitionKey: 'CLIENT#mail', sortKey: 'CERTIFICATE#AA:BB' };
    const [clientName, problem] = ['mail', 'the attribute "issuedBy" must be a string'];
    const malformed = { clientName, fingerprint: 'AA:BB', serialNumber: '5A01', status: 'ISSUED' };
    registry.malformed.push({ key, clientName, problem, certificate: malformed });
    registry.malformed.push({ key: { ...key, sortKey: 'CLIENT' }, clientName, problem });

    await certificate.remove(request(), signal);

    expect(registered()?.status).toBe('REVOKED');
    expect(registry.malformed[0]?.certificate).toMatchObject({ status: 'REVOKED', revokedBy: 'deployment' });
    expect(bus.events.at(-1)?.detail).toMatchObject({ serialNumber: '5A01', fingerprint: 'AA:BB' });
    expect(logs).toContainEqual({ event: 'registry-item-malformed', ...key, reason: problem });
    expect(logs).toContainEqual({ event: 'registry-item-malformed', ...key, sortKey: 'CLIENT', reason: problem });
  });

  test('outlives the deletion of another resource that was refused the name of its client', async () => {
    await certificate.apply(request(), signal);
    const other = { ...request(), logicalResourceId: 'OtherCertificate' };
    await expect(certificate.apply(other, signal)).rejects.toThrow('already declared');

    await certificate.remove(other, signal);

    expect(registry.clients.get('mail')?.state).toBe('ENABLED');
    expect(registered()?.status).toBe('ISSUED');
    expect(authority.revoked.size).toBe(0);
  });

  test('outlives the deletion of a client of that name in another trust domain', async () => {
    await certificate.apply(request(), signal);

    await certificate.remove(request({ SpiffeId: 'spiffe://other.example.com/mail' }), signal);

    expect(registry.clients.has('mail')).toBe(true);
    expect(registered()?.status).toBe('ISSUED');
  });

  test('stands although nobody can be told of it', async () => {
    bus.put = () => Promise.reject(new Error('bus closed'));

    await certificate.apply(request(), signal);

    expect(secrets.current).toBe(REQUEST_ID);
    expect(logs).toContainEqual({
      event: 'audit-incomplete',
      failure: 'the event "Certificate Issued" could not be sent',
      reason: 'bus closed',
    });
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
