import { type RotationRequest, readRotationRequest } from '../../../../lambda/certificate-issuer/rotate/rotation';
import { parseClientSecret, verifyClientSecret } from '../../../../mesh/client-secret';
import { MemoryBus } from '../../../registry/memory-bus';
import { MemoryRegistry } from '../../../registry/memory-registry';
import { createRequest, REQUEST_ID } from '../../custom-resource/requests';
import { issuerWith } from '../issuer';
import { MemoryAuthority } from '../memory-authority';
import { MemoryGateway } from '../memory-gateway';
import { MemorySecrets } from '../memory-secrets';
import { PROPERTIES } from '../properties';

const HOUR = 3_600_000;
const TOKEN = '7a6b5c4d-1111-4222-8333-944455556666';
const signal = new AbortController().signal;

describe('the rotation of a secret', () => {
  let authority: MemoryAuthority;
  let secrets: MemorySecrets;
  let registry: MemoryRegistry;
  let bus: MemoryBus;
  let gateway: MemoryGateway;
  let issuer: ReturnType<typeof issuerWith>;
  let offset: number;

  const deploy = (properties: object = {}) =>
    issuer.clientCertificateResource.apply(createRequest({ properties: { ...PROPERTIES, ...properties } }), signal);
  const run = (step: RotationRequest['step'], secretId = PROPERTIES.SecretId) =>
    issuer.rotation.run({ step, secretId, versionId: TOKEN }, signal);
  const rotate = async () => {
    secrets.beginRotation(TOKEN);
    for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) await run(step);
  };
  const stored = (versionId: string) => parseClientSecret(secrets.versions.get(versionId) ?? '');
  const registered = (versionId: string) => registry.certificates.get(stored(versionId).fingerprint);
  const change = (versionId: string, changed: object) => {
    const known = registered(versionId);
    if (known) registry.certificates.set(known.fingerprint, { ...known, ...changed });
  };

  beforeEach(async () => {
    offset = 0;
    authority = await MemoryAuthority.create();
    authority.looksBeforeIssued = 0;
    authority.now = () => Date.now() + offset;
    secrets = new MemorySecrets();
    registry = new MemoryRegistry();
    bus = new MemoryBus();
    gateway = new MemoryGateway(authority.root.toString('pem'));
    issuer = issuerWith({ authority, registry, secrets, bus, gateway, now: () => new Date(Date.now() + offset) });
    await deploy();
  });

  test('makes another key and certificate, by the profile in the registry, the current ones', async () => {
    offset = HOUR;
    await rotate();

    expect(secrets.current).toBe(TOKEN);
    expect(() => verifyClientSecret(stored(TOKEN), new Date())).not.toThrow();
    expect(stored(TOKEN).privateKey).not.toBe(stored(REQUEST_ID).privateKey);
    expect(authority.requests[1]).toMatchObject({
      commonName: 'mail',
      spiffeId: PROPERTIES.SpiffeId,
      dnsNames: PROPERTIES.DnsNames,
      certificateAuthorityArn: PROPERTIES.CertificateAuthorityArn,
      signingAlgorithm: PROPERTIES.SigningAlgorithm,
      validity: { type: 'DAYS', value: 7 },
    });
    expect(registered(TOKEN)).toMatchObject({ status: 'ISSUED', issuedBy: 'rotation', secretVersionId: TOKEN });
    expect((registered(TOKEN)?.currentSince ?? '') > (registered(REQUEST_ID)?.currentSince ?? '')).toBe(true);
  });

  test('leaves no pending version, which a deployment after it would leave behind as that of a rotation under way', async () => {
    await rotate();

    expect(secrets.stages.has('AWSPENDING')).toBe(false);
  });

  test('is done again, with the same key, when Secrets Manager repeats it after its last step', async () => {
    await rotate();

    for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) await run(step);

    expect(authority.requests).toHaveLength(2);
    expect(secrets.current).toBe(TOKEN);
    expect(secrets.stages.has('AWSPENDING')).toBe(false);
  });

  test('is done although the pending stage can’t be taken from its version', async () => {
    secrets.removePending = () => Promise.reject(new Error('slow'));

    await rotate();

    expect(secrets.current).toBe(TOKEN);
    expect(issuer.metric('RotationsSucceeded')).toEqual([1]);
    expect(issuer.logs).toContainEqual(expect.objectContaining({ event: 'pending-stage-left', reason: 'slow' }));
  });

  test('leaves the certificate before it usable until it expires', async () => {
    await rotate();

    expect(registered(REQUEST_ID)).toMatchObject({ status: 'ISSUED' });
    expect(registered(REQUEST_ID)?.refuseAfter).toBeUndefined();
  });

  test('has the certificate before it refused after the overlap of the client', async () => {
    await deploy({ OverlapHours: '6' });
    offset = HOUR;
    await rotate();

    const since = Date.parse(registered(TOKEN)?.currentSince ?? '');
    expect(Date.parse(registered(REQUEST_ID)?.refuseAfter ?? '') - since).toBe(6 * HOUR);
  });

  test('is told as event and metric', async () => {
    await rotate();

    expect(bus.types()).toEqual(['Certificate Issued', 'Certificate Issued', 'Certificate Rotated']);
    expect(bus.events[2]?.detail).toEqual({
      trustDomain: 'mesh.example.com',
      clientName: 'mail',
      spiffeId: 'spiffe://mesh.example.com/mail',
      serialNumber: stored(TOKEN).serialNumber,
      fingerprint: stored(TOKEN).fingerprint,
      notAfter: stored(TOKEN).notAfter,
    });
    expect(issuer.metric('CertificatesIssued')).toEqual([1, 1]);
    expect(issuer.metric('RotationsSucceeded')).toEqual([1]);
  });

  test('makes no second key when a step is repeated', async () => {
    secrets.beginRotation(TOKEN);
    for (const step of ['createSecret', 'createSecret', 'testSecret', 'finishSecret', 'finishSecret'] as const) {
      await run(step);
    }

    expect(authority.requests).toHaveLength(2);
    expect(registered(TOKEN)?.status).toBe('ISSUED');
  });

  test('makes one current certificate when two runs create at once; the other is revoked', async () => {
    secrets.beginRotation(TOKEN);
    await Promise.all([run('createSecret'), run('createSecret')]);
    await run('testSecret');
    await run('finishSecret');

    const statuses = [...registry.certificates.values()]
      .filter(({ secretVersionId }) => secretVersionId === TOKEN)
      .map(({ status, fingerprint }) => [status, fingerprint === stored(TOKEN).fingerprint]);
    expect(statuses.sort()).toEqual([
      ['ISSUED', true],
      ['REVOKED', false],
    ]);
  });

  test('revokes the certificate whose key was lost with an earlier run', async () => {
    secrets.beginRotation(TOKEN);
    const put = secrets.putVersion;
    secrets.putVersion = () => Promise.reject(new Error('killed'));
    await expect(run('createSecret')).rejects.toThrow('killed');
    secrets.putVersion = put;

    await rotate();

    const lost = [...registry.certificates.values()][1];
    expect(lost).toMatchObject({ status: 'REVOKED', revocationReason: 'SUPERSEDED', revokedBy: 'rotation' });
    expect(registered(TOKEN)?.status).toBe('ISSUED');
  });

  test.each<[string, () => void, RegExp]>([
    [
      'a disabled client',
      () => registry.clients.set('mail', { ...must(registry.clients.get('mail')), state: 'DISABLED' }),
      /client mail is disabled/,
    ],
    ['a client that the registry does not know', () => registry.clients.clear(), /has no client mail/],
    [
      'a client whose secret is another one',
      () => registry.clients.set('mail', { ...must(registry.clients.get('mail')), secretId: 'arn:other' }),
      /the secret of client mail is arn:other/,
    ],
    ['a version that is not pending', () => secrets.stages.delete('AWSPENDING'), /is not pending/],
  ])('refuses %s, and issues nothing', async (_case, arrange, reason) => {
    secrets.beginRotation(TOKEN);
    arrange();

    await expect(run('createSecret')).rejects.toThrow(reason);

    expect(authority.requests).toHaveLength(1);
    expect(secrets.current).toBe(REQUEST_ID);
  });

  test.each([
    'arn:aws:secretsmanager:eu-central-1:111122223333:secret:mail-AbCdEf',
    'arn:aws:secretsmanager:eu-central-1:111122223333:secret:other.example.com/mail-AbCdEf',
    'arn:aws:secretsmanager:eu-central-1:111122223333:secret:mesh.example.com/mail/x-AbCdEf',
    'arn:aws:secretsmanager:eu-central-1:111122223333:secret:mesh.example.com/mail',
  ])('refuses a secret that is no client’s: %s', async (secretId) => {
    await expect(run('createSecret', secretId)).rejects.toThrow(/is not the secret of a client/);
  });

  describe.each<[string, () => void, RegExp]>([
    ['revoked', () => change(TOKEN, { status: 'REVOKED' }), /is REVOKED in the registry/],
    ['unknown to the registry', () => registry.certificates.clear(), /is unknown in the registry/],
    ['refused', () => change(TOKEN, { refuseAfter: new Date(0).toISOString() }), /is REPLACED in the registry/],
    [
      'expired',
      () => {
        offset = 8 * 24 * HOUR;
      },
      /can't serve the client/,
    ],
    ['broken', () => secrets.versions.set(TOKEN, '{}'), /can't serve the client/],
    [
      'that of another client',
      () => secrets.versions.set(TOKEN, JSON.stringify({ ...stored(TOKEN), spiffeId: 'spiffe://mesh.example.com/x' })),
      /can't serve the client/,
    ],
    [
      'refused by the gateway',
      () => {
        gateway.take = ({ serialNumber }) => (serialNumber === stored(TOKEN).serialNumber ? 'refused' : 'accepted');
      },
      /can't serve the client/,
    ],
    [
      'without a key of its own',
      () =>
        secrets.versions.set(TOKEN, JSON.stringify({ ...stored(TOKEN), privateKey: stored(REQUEST_ID).privateKey })),
      /can't serve the client/,
    ],
  ])('what is %s', (_case, arrange, reason) => {
    test.each(['testSecret', 'finishSecret'] as const)(
      'does not become current, and makes way for another rotation: %s',
      async (step) => {
        secrets.beginRotation(TOKEN);
        await run('createSecret');
        arrange();

        await expect(run(step)).rejects.toThrow(reason);

        expect(secrets.current).toBe(REQUEST_ID);
        expect(secrets.stages.has('AWSPENDING')).toBe(false);
      },
    );
  });

  test('keeps the pending version when it is only the registry that can’t be read', async () => {
    secrets.beginRotation(TOKEN);
    await run('createSecret');
    registry.getCertificate = () => Promise.reject(new Error('slow'));

    await expect(run('testSecret')).rejects.toThrow('slow');

    expect(secrets.stages.get('AWSPENDING')).toBe(TOKEN);
  });

  test.each([
    ['a copy of the current value', () => secrets.versions.set(TOKEN, must(secrets.versions.get(REQUEST_ID)))],
    ['no value', () => undefined],
  ])('passes the test of a new schedule, whose pending version has %s', async (_case, arrange) => {
    secrets.beginRotation(TOKEN);
    arrange();

    await expect(run('testSecret')).resolves.toBeUndefined();

    expect(authority.requests).toHaveLength(1);
  });

  test('fails the test of a new schedule on a secret without a certificate', async () => {
    secrets.versions.clear();
    secrets.stages.clear();

    await expect(run('testSecret')).rejects.toThrow(/has no certificate yet/);
  });

  test('does not finish with a version that failed its test, although that is newer', async () => {
    secrets.beginRotation(TOKEN);
    await run('createSecret');
    change(TOKEN, { status: 'REVOKED' });
    await expect(run('testSecret')).rejects.toThrow(/is REVOKED/);

    await expect(run('finishSecret')).rejects.toThrow(/is not pending: the rotation is over/);

    expect(secrets.current).toBe(REQUEST_ID);
  });

  test('does not finish with the version of a deployment that did not get so far', async () => {
    const promote = secrets.promoteVersion;
    secrets.promoteVersion = () => Promise.reject(new Error('killed'));
    const deployed = issuer.clientCertificateResource.apply(
      createRequest({ requestId: TOKEN, properties: PROPERTIES }),
      signal,
    );
    await expect(deployed).rejects.toThrow('killed');
    secrets.promoteVersion = promote;

    await expect(run('finishSecret')).rejects.toThrow(/is not pending: the rotation is over/);

    expect(secrets.current).toBe(REQUEST_ID);
  });

  test('does not finish without a value', async () => {
    secrets.beginRotation(TOKEN);

    await expect(run('finishSecret')).rejects.toThrow(/has no value/);

    expect(secrets.current).toBe(REQUEST_ID);
  });

  test('tells a failure on one line, without what services quote of keys', async () => {
    await issuer.rotation.reportFailure(PROPERTIES.SecretId, new Error('bad\n-----BEGIN PRIVATE KEY-----\nMIGH'));

    expect(bus.events.at(-1)).toEqual({
      type: 'Certificate Rotation Failed',
      detail: { trustDomain: 'mesh.example.com', clientName: 'mail', reason: 'bad (PEM text removed)' },
    });
    expect(issuer.metric('RotationsFailed')).toEqual([1]);
  });

  test('records a failure, of a length that a table can show', async () => {
    await issuer.rotation.reportFailure(PROPERTIES.SecretId, new Error('x'.repeat(5_000)));

    expect(must(registry.clients.get('mail'))).toMatchObject({
      rotationFailedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      rotationFailure: 'x'.repeat(1_000),
    });
  });

  test('tells a failure that the registry does not record', async () => {
    registry.markRotationFailed = () => Promise.reject(new Error('slow'));

    await issuer.rotation.reportFailure(PROPERTIES.SecretId, new Error('it was refused'));

    expect(issuer.metric('RotationsFailed')).toEqual([1]);
    expect(issuer.logs).toContainEqual({ event: 'rotation-failure-not-recorded', client: 'mail', reason: 'slow' });
  });

  test.each<[string, string, () => void]>([
    ['a client that the registry does not know', PROPERTIES.SecretId, () => registry.clients.clear()],
    ['another secret with the name of a client', `${PROPERTIES.SecretId.slice(0, -6)}XxXxXx`, () => undefined],
    [
      'a client that keeps its own key',
      PROPERTIES.SecretId,
      () => {
        const { secretId: _, ...client } = must(registry.clients.get('mail'));
        registry.clients.set('mail', client);
      },
    ],
    ['no client', 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:database-AbCdEf', () => undefined],
  ])('tells no event and no metric of a failure that names %s', async (_case, secretId, arrange) => {
    arrange();
    const before = bus.events.length;

    await expect(run('createSecret', secretId)).rejects.toThrow();
    await issuer.rotation.reportFailure(secretId, new Error('it was refused'));

    expect(bus.events).toHaveLength(before);
    expect(issuer.metric('RotationsFailed')).toEqual([]);
    expect(issuer.logs.at(-1)).toEqual({ event: 'rotation-refused', secretId, reason: 'it was refused' });
  });

  test('tells a failure without the name of a client while the registry can’t be read', async () => {
    registry.getClient = () => Promise.reject(new Error('slow'));

    await issuer.rotation.reportFailure(PROPERTIES.SecretId, new Error('slow'));

    expect(bus.events.at(-1)).toEqual({
      type: 'Certificate Rotation Failed',
      detail: { trustDomain: 'mesh.example.com', reason: 'slow' },
    });
    expect(issuer.metric('RotationsFailed')).toEqual([1]);
  });
});

describe('a rotation’s event', () => {
  const event = { Step: 'createSecret', SecretId: PROPERTIES.SecretId, ClientRequestToken: TOKEN };

  test('is read as Secrets Manager sends it', () => {
    expect(readRotationRequest({ ...event, RotationToken: 'x' })).toEqual({
      step: 'createSecret',
      secretId: PROPERTIES.SecretId,
      versionId: TOKEN,
      rotationToken: 'x',
    });
    expect(readRotationRequest(event)).not.toHaveProperty('rotationToken');
  });

  test.each([
    [{ RotationToken: '' }],
    [{ RotationToken: ['x'] }],
    [{ Step: 'create_secret' }],
    [{ Step: 'constructor' }],
    [{ Step: null }],
    [{ SecretId: 'mail' }],
    [{ SecretId: ['arn:aws:x'] }],
    [{ SecretId: 'arn:aws:\n' }],
    [{ SecretId: `../${PROPERTIES.SecretId}` }],
    [{ SecretId: `${PROPERTIES.SecretId}#x` }],
    [{ ClientRequestToken: '' }],
    [{ ClientRequestToken: 7 }],
    [{ ClientRequestToken: '../..'.repeat(8) }],
    [{ ClientRequestToken: `../${TOKEN}` }],
    [{ ClientRequestToken: `${TOKEN}\n` }],
    [{ ClientRequestToken: 'x'.repeat(31) }],
    [{ ClientRequestToken: 'x'.repeat(65) }],
  ])('is refused with %j', (changed) => {
    expect(() => readRotationRequest({ ...event, ...changed })).toThrow(/the rotation event/);
  });
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('missing');
  return value;
}
