import type { LogEntry } from '../../../aws/cloudwatch';
import { AuthorityInUseError, RemovalGuard } from '../../../lambda/truststore-publisher/removal-guard';
import type { RegistryCertificate } from '../../../registry/records';
import { MemoryRegistry } from '../../registry/memory-registry';
import { authorityArn, certificateOf, clientOf } from '../../registry/registry-entries';

const STACK = 'arn:aws:cloudformation:eu-central-1:111122223333:stack/mesh/1';
const NOW = new Date('2026-11-25T12:00:00.000Z');
const signal = new AbortController().signal;

const [first, second, third] = [1, 2, 3].map((id) => ({
  CertificateAuthorityArn: authorityArn(id),
  CertificateChain: `chain ${id}`,
})) as [Trusted, Trusted, Trusted];

type Trusted = { readonly CertificateAuthorityArn: string; readonly CertificateChain: string };

describe('an authority that is to leave the truststore', () => {
  let registry: MemoryRegistry;
  let isRollingBack: boolean;
  let asked: string[];
  let logs: LogEntry[];
  let guard: RemovalGuard;

  /** A client with one certificate. */
  const add = (clientName: string, overrides: Partial<RegistryCertificate> = {}) => {
    const fingerprint = `${clientName} ${registry.certificates.size}`;
    registry.clients.set(clientName, clientOf(clientName));
    registry.certificates.set(fingerprint, certificateOf({ clientName, fingerprint, ...overrides }));
  };
  const refusal = async (...leaving: readonly Trusted[]) => {
    const error: unknown = await guard.authoritiesToKeep(leaving, STACK, signal).catch((thrown: unknown) => thrown);
    if (!(error instanceof AuthorityInUseError)) throw new Error(`must be refused, got ${error}`);
    return error.message;
  };

  beforeEach(() => {
    registry = new MemoryRegistry();
    isRollingBack = false;
    asked = [];
    logs = [];
    const stacks = {
      isRollingBack: async (stackId: string) => {
        asked.push(stackId);
        return isRollingBack;
      },
    };
    const { survey } = registry;
    guard = new RemovalGuard({ survey, stacks, now: () => NOW, log: (entry) => logs.push(entry) });
  });

  test('may when the registry is empty, and CloudFormation is not asked', async () => {
    await expect(guard.authoritiesToKeep([first], STACK, signal)).resolves.toEqual([]);

    expect(asked).toEqual([]);
  });

  test('may not while somebody has spoilt the item of a client that holds a certificate', async () => {
    add('mail');
    registry.clients.clear();
    const key = { partitionKey: 'CLIENT#mail', sortKey: 'CLIENT' };
    registry.malformed.push({ key, clientName: 'mail', problem: 'the attribute "state" must be a string' });

    await expect(refusal(first)).resolves.toContain('while mail may use');
  });

  test('may not as long as clients hold certificates of it; they are named, with the day and what to do', async () => {
    add('mail', { notAfter: '2026-11-28T12:00:00.000Z' });
    add('mail', { notAfter: '2026-11-30T12:00:00.000Z' });
    add('calendar', { notAfter: '2026-11-29T12:00:00.000Z' });
    add('social', { certificateAuthorityArn: authorityArn(2) });

    await expect(refusal(first)).resolves.toBe(
      `certificate authority ${authorityArn(1)} can't be removed from the truststore while calendar and mail may use its ` +
        'certificates, the last one until 2026-11-30T12:00:00.000Z: keep it in the mesh until then, revoke those certificates, ' +
        'or replace them with a shorter overlap',
    );
    expect(asked).toEqual([STACK]);
  });

  test.each([
    [1, 'client-00'],
    [2, 'client-00 and client-01'],
    [3, 'client-00, client-01 and client-02'],
    [10, /client-08 and client-09 may/],
    [11, /client-08, client-09 and 1 other may/],
    [150, /client-08, client-09 and 140 others may/],
  ])('is not let go for %s clients, of which at most ten are named', async (count, names) => {
    for (let index = 0; index < count; index++) add(`client-${String(index).padStart(2, '0')}`);

    const message = await refusal(first);

    expect(message).toMatch(names);
    expect(message.length).toBeLessThan(500);
  });

  test('is told of in a sentence of its own when several can not', async () => {
    add('mail');
    add('social', { certificateAuthorityArn: authorityArn(2) });

    const message = await refusal(first, second, third);

    expect(message).toMatch(
      new RegExp(`${authorityArn(1)} can't .* while mail .*; .*${authorityArn(2)} can't .* social`),
    );
    expect(message).not.toContain(authorityArn(3));
  });

  test.each<[string, Partial<RegistryCertificate>]>([
    ['are revoked', { status: 'REVOKED', revokedAt: '2026-11-25T11:00:00.000Z' }],
    ['have expired', { notAfter: '2026-11-25T11:59:59.999Z' }],
    ['were replaced and are refused', { refuseAfter: '2026-11-25T12:00:00.000Z' }],
    ['are of another authority', { certificateAuthorityArn: authorityArn(2) }],
  ])('may when the certificates %s', async (_case, overrides) => {
    add('mail', overrides);

    await expect(guard.authoritiesToKeep([first], STACK, signal)).resolves.toEqual([]);
  });

  test('may when the clients of its certificates are gone', async () => {
    add('mail');
    registry.clients.clear();

    await expect(guard.authoritiesToKeep([first], STACK, signal)).resolves.toEqual([]);
  });

  test('may not while a client is disabled, who can be enabled again', async () => {
    add('mail');
    registry.clients.set('mail', clientOf('mail', { state: 'DISABLED' }));

    await expect(refusal(first)).resolves.toContain('while mail may use');
  });

  test('is waited for until a replaced certificate is refused, not until it expires', async () => {
    add('mail', { refuseAfter: '2026-11-25T13:00:00.000Z', notAfter: '2026-11-30T12:00:00.000Z' });

    await expect(refusal(first)).resolves.toContain('the last one until 2026-11-25T13:00:00.000Z');
  });

  test('stays in the rollback of its arrival, if it is in use, and that is logged', async () => {
    add('mail', { notAfter: '2026-11-30T12:00:00.000Z' });
    isRollingBack = true;

    await expect(guard.authoritiesToKeep([first, second], STACK, signal)).resolves.toEqual([first]);

    expect(logs).toEqual([
      {
        event: 'authority-kept',
        certificateAuthorityArn: authorityArn(1),
        clients: ['mail'],
        until: '2026-11-30T12:00:00.000Z',
      },
    ]);
  });

  test('stays with nobody knowing when registry or CloudFormation can not be asked: the deployment fails', async () => {
    add('mail');
    const unable = { isRollingBack: () => Promise.reject(new Error('access denied')) };
    const { survey } = registry;
    const blind = new RemovalGuard({ survey, stacks: unable, now: () => NOW, log: () => undefined });

    await expect(blind.authoritiesToKeep([first], STACK, signal)).rejects.toThrow('access denied');

    // biome-ignore lint/correctness/useYield: it fails before there is anything to give
    survey.certificatesOfAuthority = async function* () {
      throw new Error('throttled');
    };
    await expect(guard.authoritiesToKeep([first], STACK, signal)).rejects.toThrow('throttled');
  });
});
