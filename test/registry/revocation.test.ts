import { Audit } from '../../registry/audit';
import type { RegistryCertificate } from '../../registry/records';
import { Revocation } from '../../registry/revocation';
import { MemoryBus } from './memory-bus';
import { MemoryRegistry } from './memory-registry';
import { authorityArn, certificateOf } from './registry-entries';

const NOON = '2026-11-22T12:00:00.000Z';
const REQUEST = { by: 'arn:aws:iam::111122223333:user/operator', reason: 'KEY_COMPROMISE' } as const;
const MARK = { revokedAt: NOON, revokedBy: REQUEST.by, revocationReason: REQUEST.reason };
const signal = new AbortController().signal;

describe('revocation', () => {
  let registry: MemoryRegistry;
  let bus: MemoryBus;
  let metrics: jest.Mock;
  let revokeCertificate: jest.Mock;
  let logged: Readonly<Record<string, unknown>>[];
  let revocation: Revocation;

  beforeEach(() => {
    registry = new MemoryRegistry();
    bus = new MemoryBus();
    metrics = jest.fn().mockResolvedValue(undefined);
    revokeCertificate = jest.fn().mockResolvedValue(undefined);
    logged = [];
    const log = (entry: Readonly<Record<string, unknown>>) => void logged.push(entry);
    revocation = new Revocation({
      registry,
      authority: { revokeCertificate },
      audit: new Audit({ trustDomain: 'mesh.example.com', log, metrics: { put: metrics }, events: bus }),
      now: () => new Date(NOON),
      log,
    });
  });

  async function registered(overrides: Partial<RegistryCertificate> = {}): Promise<RegistryCertificate> {
    const certificate = certificateOf(overrides);
    await registry.addCertificate(certificate);
    return certificate;
  }

  test('marks the certificate, and tells the log, the bus and the metric once', async () => {
    const certificate = await registered();

    await revocation.revoke(certificate, REQUEST, signal);

    expect(await registry.getCertificate(certificate)).toEqual({ ...certificate, status: 'REVOKED', ...MARK });
    expect(logged).toEqual([
      expect.objectContaining({ event: 'certificate-revoked', reason: 'KEY_COMPROMISE', by: REQUEST.by }),
    ]);
    expect(bus.events).toEqual([
      {
        type: 'Certificate Revoked',
        detail: expect.objectContaining({ fingerprint: 'AA:BB', reason: 'KEY_COMPROMISE' }),
      },
    ]);
    expect(metrics.mock.calls).toEqual([['CertificatesRevoked', 1, expect.anything()]]);
  });

  test('returns the certificate as it is after the mark', async () => {
    const certificate = await registered();

    const revoked = await revocation.mark(certificate, REQUEST, signal);

    expect(revoked).toEqual({ ...certificate, status: 'REVOKED', ...MARK });
  });

  test('leaves the mark of an earlier revocation, and tells nobody again', async () => {
    const earlier = { revokedAt: '2026-11-22T11:00:00.000Z', revokedBy: 'rotation' };
    const certificate = await registered({ status: 'REVOKED', ...earlier });

    await revocation.revoke(certificate, REQUEST, signal);

    expect(await registry.getCertificate(certificate)).toEqual(certificate);
    expect([logged, bus.events, metrics.mock.calls]).toEqual([[], [], []]);
  });

  test('asks nothing of the registry for a certificate that is already revoked', async () => {
    const certificate = await registered({ status: 'REVOKED', revokedAt: NOON });

    // The registry would accept the mark, because it has the same time.
    await expect(revocation.mark(certificate, REQUEST, signal)).resolves.toBeUndefined();

    expect(await registry.getCertificate(certificate)).toEqual(certificate);
  });

  test.each([
    ['KEY_COMPROMISE', NOON],
    ['SUPERSEDED', undefined],
  ] as const)(
    'a key that turns out to be %s after its certificate was revoked is revoked at %s',
    async (reason, revokedAt) => {
      const certificate = await registered({ status: 'REVOKED', revokedAt: NOON, publicKeyHash: 'hash' });

      await revocation.revoke(certificate, { ...REQUEST, reason }, signal);

      expect(registry.publicKeys.get('hash')?.revokedAt).toBe(revokedAt);
      expect(await registry.getCertificate(certificate)).toEqual(certificate);
    },
  );

  test('tells nobody when another revocation was faster', async () => {
    const certificate = certificateOf();
    await registered({ status: 'REVOKED', revokedAt: '2026-11-22T11:59:59.000Z' });

    await revocation.revoke(certificate, REQUEST, signal);

    expect([logged, bus.events, metrics.mock.calls]).toEqual([[], [], []]);
  });

  test('audits a certificate without a reason without one', async () => {
    await revocation.audit(certificateOf({ status: 'REVOKED', revokedAt: NOON, revokedBy: 'deployment' }));

    expect(bus.events[0]?.detail).not.toHaveProperty('reason');
    expect(logged).toEqual([expect.objectContaining({ event: 'certificate-revoked', by: 'deployment' })]);
  });

  test('revokes the certificate at its own authority, for the reason of the mark', async () => {
    const certificate = await registered({
      status: 'REVOKED',
      ...MARK,
      certificateAuthorityArn: authorityArn(2),
      serialNumber: '5A02',
    });

    await expect(revocation.tellAuthority(certificate, signal)).resolves.toBeUndefined();

    expect(revokeCertificate.mock.calls).toEqual([[authorityArn(2), '5A02', 'KEY_COMPROMISE', signal]]);
    expect(await registry.getCertificate(certificate)).toMatchObject({ revokedAtAuthority: NOON });
    expect(logged).toEqual([{ event: 'authority-told', client: 'mail', serialNumber: '5A02' }]);
  });

  test('gives the authority a reason if the mark has none', async () => {
    await revocation.tellAuthority(await registered({ status: 'REVOKED', revokedAt: NOON }), signal);

    expect(revokeCertificate.mock.calls[0]?.[2]).toBe('UNSPECIFIED');
  });

  test('says why the authority could not be told, and leaves it to the hourly run', async () => {
    const certificate = await registered({ status: 'REVOKED', ...MARK });
    revokeCertificate.mockRejectedValue(new Error('the authority is deleted'));

    await expect(revocation.tellAuthority(certificate, signal)).resolves.toBe(
      'could not revoke the certificate at its authority: the authority is deleted',
    );

    expect(await registry.getCertificate(certificate)).not.toHaveProperty('revokedAtAuthority');
    expect(logged).toEqual([
      { event: 'authority-not-told', client: 'mail', serialNumber: '5A01', reason: 'the authority is deleted' },
    ]);
  });

  test('ends with the caller’s signal, not with a sentence', async () => {
    const certificate = await registered({ status: 'REVOKED', ...MARK });
    const caller = new AbortController();
    revokeCertificate.mockImplementation(async () => {
      caller.abort(new Error('out of time'));
      throw new Error('socket closed');
    });

    await expect(revocation.tellAuthority(certificate, caller.signal)).rejects.toThrow('out of time');

    expect(logged).toEqual([]);
  });
});
