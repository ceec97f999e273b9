import { type Standing, StandingMemory } from '../../../lambda/authorizer/issued-callers';
import { MEMORY_MS } from '../../../lambda/authorizer/memory';
import type { CallerIdentity } from '../../../mesh/contract';

const MAIL = 'spiffe://mesh.example.com/mail';

describe('the standing of a client', () => {
  let standing: Standing;
  let now: number;
  let readings: string[];
  let memory: StandingMemory;
  let failure: Error | undefined;

  const identity = (fingerprint = 'AA:BB'): CallerIdentity => ({
    clientName: 'mail',
    spiffeId: MAIL,
    serialNumber: '5A01',
    fingerprint,
  });
  const create = (capacity?: number) =>
    new StandingMemory(
      {
        read: async (clientName, fingerprint) => {
          readings.push(`${clientName} ${fingerprint}`);
          if (failure) throw failure;
          return standing;
        },
      },
      () => new Date(now),
      capacity,
    );

  beforeEach(() => {
    now = Date.parse('2026-11-22T12:00:00Z');
    readings = [];
    failure = undefined;
    standing = {
      client: { spiffeId: MAIL, state: 'ENABLED' },
      certificate: { spiffeId: MAIL, status: 'ISSUED', refuseAfter: undefined },
    };
    memory = create();
  });

  const change = (part: 'client' | 'certificate', changed: object) => {
    standing = { ...standing, [part]: { ...standing[part], ...changed } };
  };

  test('is good when the registry knows client and certificate', async () => {
    await expect(memory.assertGood(identity())).resolves.toBeUndefined();
    expect(readings).toEqual(['mail AA:BB']);
  });

  test.each<[string, 'client' | 'certificate', object]>([
    ['certificate revoked', 'certificate', { status: 'REVOKED' }],
    ['certificate revoked', 'certificate', { status: undefined }],
    ['certificate revoked', 'certificate', { status: 'issued' }],
    ['client disabled', 'client', { state: 'DISABLED' }],
    ['client disabled', 'client', { state: '' }],
    ['client not in the registry', 'client', { spiffeId: 'spiffe://mesh.example.com/social' }],
    ['certificate not in the registry', 'certificate', { spiffeId: 'spiffe://mesh.example.com/social' }],
    [
      'certificate replaced, and refused since 2026-11-22T12:00:00.000Z',
      'certificate',
      { refuseAfter: '2026-11-22T12:00:00.000Z' },
    ],
    ['certificate replaced, and refused since soon', 'certificate', { refuseAfter: 'soon' }],
    ['certificate replaced, and refused since ', 'certificate', { refuseAfter: '' }],
  ])('is bad: %s (%s %j)', async (reason, part, changed) => {
    change(part, changed);

    await expect(memory.assertGood(identity())).rejects.toThrow(reason);
    await expect(memory.assertGood(identity())).rejects.toMatchObject({ serialNumber: '5A01', subject: MAIL });
  });

  test('is good until the overlap of a replaced certificate is over, though remembered', async () => {
    change('certificate', { refuseAfter: '2026-11-22T12:00:05.000Z' });
    await memory.assertGood(identity());

    now += 5_000;
    await expect(memory.assertGood(identity())).rejects.toThrow(/replaced/);
    expect(readings).toHaveLength(1);
  });

  test('is remembered for ten seconds, and no longer', async () => {
    await memory.assertGood(identity());
    change('certificate', { status: 'REVOKED' });

    now += MEMORY_MS - 1;
    await memory.assertGood(identity());
    expect(readings).toHaveLength(1);

    now += 1;
    await expect(memory.assertGood(identity())).rejects.toThrow('certificate revoked');
    expect(MEMORY_MS).toBe(10_000);
  });

  test('is read again when the clock was set back', async () => {
    await memory.assertGood(identity());
    now -= 1;
    await memory.assertGood(identity());

    expect(readings).toHaveLength(2);
  });

  test('is remembered for each certificate by itself', async () => {
    await memory.assertGood(identity('AA'));
    await memory.assertGood(identity('BB'));

    expect(readings).toEqual(['mail AA', 'mail BB']);
  });

  test('is read once for requests at once', async () => {
    await Promise.all([memory.assertGood(identity()), memory.assertGood(identity()), memory.assertGood(identity())]);

    expect(readings).toHaveLength(1);
  });

  test('is bad when the registry can’t be read, which is not remembered', async () => {
    failure = new Error('slow');
    const denials = await Promise.allSettled([memory.assertGood(identity()), memory.assertGood(identity())]);
    expect(denials.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(readings).toHaveLength(1);

    failure = undefined;
    await expect(memory.assertGood(identity())).resolves.toBeUndefined();
  });

  test('is forgotten when others were asked for since, so that memory has an end', async () => {
    memory = create(2);
    for (const fingerprint of ['AA', 'BB', 'AA', 'CC', 'AA', 'BB']) await memory.assertGood(identity(fingerprint));

    expect(readings).toEqual(['mail AA', 'mail BB', 'mail CC', 'mail BB']);
  });
});
