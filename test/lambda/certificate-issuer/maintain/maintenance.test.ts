import type { RegistryCertificate, RegistryClient, RegistryExternalClient } from '../../../../registry/records';
import { MemoryBus } from '../../../registry/memory-bus';
import { MemoryRegistry } from '../../../registry/memory-registry';
import { issuerWith } from '../issuer';
import { MemoryAuthority } from '../memory-authority';
import { MemorySecrets } from '../memory-secrets';
import { PROPERTIES } from '../properties';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-22T12:00:00Z');
const signal = new AbortController().signal;
const at = (hours: number) => new Date(NOW + hours * HOUR).toISOString();

function client(clientName: string, changed: Partial<RegistryClient> = {}): RegistryClient {
  return {
    clientName,
    spiffeId: `spiffe://mesh.example.com/${clientName}`,
    state: 'ENABLED',
    secretId: PROPERTIES.SecretId,
    dnsNames: [],
    keyAlgorithm: 'EC_prime256v1',
    validityHours: 168,
    certificateAuthorityArn: PROPERTIES.CertificateAuthorityArn,
    signingAlgorithm: 'SHA256WITHECDSA',
    declaredBy: 'stack Mail',
    updatedAt: at(-48),
    updatedBy: 'deployment',
    ...changed,
  };
}

function externalClient(changed: Partial<RegistryExternalClient>): RegistryExternalClient {
  return {
    clientName: 'billing',
    spiffeId: 'spiffe://mesh.example.com/billing',
    state: 'ENABLED',
    trustAnchor: 'partner',
    identityKind: 'SUBJECT',
    identityValue: 'CN=billing',
    authoritiesNotAfter: at(24 * 365),
    identityIds: [],
    registeredBy: 'stack Billing',
    updatedAt: at(-48),
    updatedBy: 'deployment',
    ...changed,
  };
}

function certificate(clientName: string, serialNumber: string, changed: Partial<RegistryCertificate> = {}) {
  return {
    clientName,
    spiffeId: `spiffe://mesh.example.com/${clientName}`,
    serialNumber,
    issuer: 'CN=Test Root',
    certificateArn: `${PROPERTIES.CertificateAuthorityArn}/certificate/${serialNumber}`,
    certificateAuthorityArn: PROPERTIES.CertificateAuthorityArn,
    fingerprint: `FF:${serialNumber}`,
    notBefore: at(-24),
    notAfter: at(144),
    authoritiesNotAfter: at(24 * 365),
    secretVersionId: serialNumber,
    status: 'ISSUED',
    issuedAt: at(-24),
    issuedBy: 'rotation',
    currentSince: at(-24),
    expiresAt: NOW / 1000,
    ...changed,
  } satisfies RegistryCertificate;
}

describe('maintenance', () => {
  let authority: MemoryAuthority;
  let registry: MemoryRegistry;
  let bus: MemoryBus;
  let issuer: ReturnType<typeof issuerWith>;

  beforeEach(async () => {
    authority = await MemoryAuthority.create();
    registry = new MemoryRegistry();
    bus = new MemoryBus();
    issuer = issuerWith({ authority, registry, secrets: new MemorySecrets(), bus, now: () => new Date(NOW) });
  });

  const add = (...entries: (RegistryClient | RegistryCertificate)[]) => {
    for (const entry of entries) {
      if ('fingerprint' in entry) registry.certificates.set(entry.fingerprint, entry);
      else registry.clients.set(entry.clientName, entry);
    }
  };
  const run = () => issuer.maintenance.run(signal);
  const known = (serialNumber: string) => registry.certificates.get(`FF:${serialNumber}`);

  test('measures how soon the first current certificate and the first authority expire', async () => {
    add(client('mail'), certificate('mail', '01'));
    add(client('social'), certificate('social', '02', { notAfter: at(100), authoritiesNotAfter: at(48) }));

    await run();

    expect(issuer.metric('HoursToExpiry')).toEqual([100]);
    expect(issuer.metric('DaysToAuthorityExpiry')).toEqual([2]);
    expect(issuer.metric('CertificatesExpiring')).toEqual([0]);
    expect(bus.events).toEqual([]);
  });

  test.each<[string, RegistryCertificate]>([
    ['replaced', certificate('mail', '09', { notAfter: at(1), issuedAt: at(-90), currentSince: at(-23) })],
    ['never current', { ...certificate('mail', '09', { notAfter: at(1) }), currentSince: undefined as never }],
    ['of a client that is gone', certificate('gone', '09', { notAfter: at(1) })],
  ])('does not look at a certificate that is %s', async (_case, other) => {
    const current = certificate('mail', '01');
    for (const [first, second] of [
      [other, current],
      [current, other],
    ] as const) {
      registry.certificates.clear();
      add(client('mail'), first, second);
      await run();
    }

    expect(issuer.metric('HoursToExpiry')).toEqual([144, 144]);
  });

  test('measures no expiry of clients that may not call, nor of revoked certificates', async () => {
    add(client('mail', { state: 'DISABLED' }), certificate('mail', '01', { notAfter: at(1) }));
    add(client('social'), certificate('social', '02', { status: 'REVOKED', revokedAtAuthority: at(-1) }));

    await run();

    expect(issuer.metric('HoursToExpiry')).toEqual([]);
    expect(issuer.metric('CertificatesExpiring')).toEqual([0]);
  });

  test('measures the expiry of an authority until its last certificate has expired', async () => {
    add(certificate('mail', '01', { status: 'REVOKED', notAfter: at(-1), authoritiesNotAfter: at(24) }));
    await run();
    expect(issuer.metric('DaysToAuthorityExpiry')).toEqual([]);

    add(certificate('mail', '02', { notAfter: at(1), authoritiesNotAfter: at(48) }));
    await run();
    expect(issuer.metric('DaysToAuthorityExpiry')).toEqual([2]);
  });

  test('measures the hours of the first to expire among those that are due next, however many are not looked at', async () => {
    for (let index = 0; index < 150; index += 1) {
      const name = `gone-${String(index).padStart(3, '0')}`;
      add(client(name, { state: 'DISABLED' }), certificate(name, name, { notAfter: at(140) }));
    }
    add(client('mail'), certificate('mail', '01', { notAfter: at(144) }));
    add(client('daily'), certificate('daily', '02', { notBefore: at(-9), notAfter: at(150) }));

    await run();

    expect(issuer.metric('HoursToExpiry')).toEqual([144]);
  });

  test('settles what has expired before its turn came', async () => {
    add(certificate('mail', '01', { refuseAfter: at(-2), notAfter: at(-1) }));
    add(certificate('mail', '02', { status: 'REVOKED', revokedAt: at(-3), notAfter: at(-1) }));

    await run();

    expect([...registry.settled].sort()).toEqual(['FF:01', 'FF:02']);
    expect([known('01')?.status, authority.revoked.size]).toEqual(['ISSUED', 0]);
  });

  test('tells of a certificate with less than a third of its validity left', async () => {
    add(client('mail'), certificate('mail', '01', { notBefore: at(-100), notAfter: at(49) }));
    add(client('social'), certificate('social', '02', { notBefore: at(-98), notAfter: at(50) }));
    add(client('wiki'), certificate('wiki', '03', { notBefore: at(-98), notAfter: at(49) }));

    await run();

    expect(bus.events).toMatchObject([
      { type: 'Certificate Expiring', detail: { clientName: 'mail', serialNumber: '01', notAfter: at(49) } },
    ]);
    expect(issuer.metric('CertificatesExpiring')).toEqual([1]);
  });

  test('tells of the same certificate once a day, and counts it every hour', async () => {
    add(client('mail'), certificate('mail', '01', { notBefore: at(-100), notAfter: at(49) }));
    let hours = 0;
    const registryAndBus = { authority, registry, secrets: new MemorySecrets(), bus };
    const hourly = issuerWith({ ...registryAndBus, now: () => new Date(NOW + hours * HOUR) });
    const told: number[] = [];
    for (; hours < 49; hours += 1) {
      const before = bus.events.length;
      await hourly.maintenance.run(signal);
      if (bus.events.length > before) told.push(hours);
    }

    expect(told).toEqual([0, 24, 48]);
    expect(hourly.metric('CertificatesExpiring')).toEqual(Array(49).fill(1));
  });

  test('tells of it in the next run when the bus did not take it', async () => {
    add(client('mail'), certificate('mail', '01', { notBefore: at(-100), notAfter: at(49) }));
    jest.spyOn(bus, 'put').mockRejectedValueOnce(new Error('bus closed'));

    await run();
    await run();
    await run();

    expect(bus.types()).toEqual(['Certificate Expiring']);
  });

  test('measures how soon the first authority of an external client that may call expires', async () => {
    add(client('mail'), certificate('mail', '01'));
    registry.externalClients.set('billing', externalClient({ authoritiesNotAfter: at(72) }));
    registry.externalClients.set(
      'idle',
      externalClient({ clientName: 'idle', state: 'DISABLED', authoritiesNotAfter: at(24) }),
    );

    await run();

    expect(issuer.metric('DaysToAuthorityExpiry')).toEqual([3]);
    expect(issuer.metric('HoursToExpiry')).toEqual([144]);
  });

  test('measures it as well when the mesh issues for nobody', async () => {
    registry.externalClients.set('billing', externalClient({ authoritiesNotAfter: at(-1) }));

    await run();

    expect(issuer.metric('DaysToAuthorityExpiry')).toEqual([0]);
    expect(issuer.metric('HoursToExpiry')).toEqual([]);
  });

  test('goes on telling of a current certificate that has expired', async () => {
    add(client('mail'), certificate('mail', '01', { notAfter: at(-1) }));

    await run();

    expect(issuer.metric('HoursToExpiry')).toEqual([0]);
    expect(bus.types()).toEqual(['Certificate Expiring']);
  });

  test('revokes a replaced certificate when its overlap is over, and tells the authority', async () => {
    add(client('mail'), certificate('mail', '01', { refuseAfter: at(-0.5) }));
    add(certificate('mail', '02', { refuseAfter: at(0.5) }));

    await run();

    expect(known('01')).toMatchObject({ status: 'REVOKED', revocationReason: 'SUPERSEDED', revokedAtAuthority: at(0) });
    expect(known('02')).toMatchObject({ status: 'ISSUED' });
    expect([...authority.revoked]).toEqual([['01', 'SUPERSEDED']]);
    expect(bus.types()).toEqual(['Certificate Revoked']);
    expect(issuer.metric('CertificatesRevoked')).toEqual([1]);
  });

  test('tells the authority what it has not been told, once, and nothing about expired certificates', async () => {
    const revoked = { status: 'REVOKED', revocationReason: 'KEY_COMPROMISE', revokedAt: at(-1) } as const;
    add(certificate('mail', '01', revoked), certificate('mail', '02', { ...revoked, revokedAtAuthority: at(-1) }));
    add(certificate('mail', '03', { ...revoked, notAfter: at(-1) }));

    await run();
    await run();

    expect([...authority.revoked]).toEqual([['01', 'KEY_COMPROMISE']]);
    expect(known('01')?.revokedAtAuthority).toBe(at(0));
  });

  test('goes on when an authority can’t be told, and tells it the next time', async () => {
    const revoked = { status: 'REVOKED', revokedAt: at(-1) } as const;
    add(certificate('mail', '01', revoked), certificate('mail', '02', revoked));
    const revoke = authority.revokeCertificate;
    authority.revokeCertificate = async (arn, serialNumber, reason) => {
      if (serialNumber === '01') throw new Error('InvalidStateException');
      return revoke.call(authority, arn, serialNumber, reason);
    };

    await run();

    expect(known('01')?.revokedAtAuthority).toBeUndefined();
    expect(known('02')?.revokedAtAuthority).toBeDefined();
    expect(issuer.logs).toContainEqual(
      expect.objectContaining({ event: 'authority-not-told', serialNumber: '01', reason: 'InvalidStateException' }),
    );

    authority.revokeCertificate = revoke;
    await run();
    expect(known('01')?.revokedAtAuthority).toBeDefined();
  });

  test('skips an item that somebody has spoilt, names it in the log, and counts it', async () => {
    add(client('mail'), certificate('mail', '01', { refuseAfter: at(-0.5) }));
    const key = { partitionKey: 'CLIENT#mail', sortKey: 'CERTIFICATE#FF' };
    registry.malformed.push({ key, clientName: 'mail', problem: 'the attribute "status" must be a string' });

    await run();

    expect(known('01')).toMatchObject({ status: 'REVOKED' });
    expect(issuer.metric('RegistryItemsMalformed')).toEqual([1]);
    expect(issuer.logs).toContainEqual({
      event: 'registry-item-malformed',
      ...key,
      reason: 'the attribute "status" must be a string',
    });
  });

  test('stops when its time is over', async () => {
    add(certificate('mail', '01', { status: 'REVOKED' }));
    authority.revokeCertificate = () => Promise.reject(new Error('slow'));

    await expect(issuer.maintenance.run(AbortSignal.abort(new Error('time is up')))).rejects.toThrow('time is up');
  });

  test('fails when the registry can’t be read, so that Lambda tries again', async () => {
    registry.survey.agenda = () => {
      throw new Error('AccessDenied');
    };

    await expect(run()).rejects.toThrow('AccessDenied');
  });
});
