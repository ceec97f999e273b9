import { BoundedMap } from '../../../lambda/authorizer/bounded-map';
import { DenialError } from '../../../lambda/authorizer/denial';
import { RegistryMemory, RegistryUnavailableError } from '../../../lambda/authorizer/registry-memory';

const REVOCATION_DELAY = 5_000;
const OUTAGE_TOLERANCE = 60_000;
const OUTAGE = new Error('out of reach');

const callerNamed = (clientName: string) => ({
  identity: { clientName, spiffeId: '', serialNumber: '', fingerprint: '' },
  grants: [],
});

describe('the memory of the registry', () => {
  let now: number;
  /** What the registry says of every caller: a number, which names the reading; `refused`; or nothing. */
  let registry: 'accepts' | 'refuses' | 'fails' | 'hangs';
  let readings: string[];
  let unavailable: { cause: unknown; isAccepted: boolean }[];
  let memory: RegistryMemory<{ refused: boolean }>;

  const create = (times = {}, capacity = 2) =>
    new RegistryMemory<{ refused: boolean }>({
      times: { revocationDelay: REVOCATION_DELAY, outageTolerance: OUTAGE_TOLERANCE, ...times },
      now: () => new Date(now),
      onUnavailable: (cause, isAccepted) => unavailable.push({ cause, isAccepted }),
      capacity,
    });

  /** The subject is the first letter: `a1` and `a2` are certificates of one client. */
  const identify = (certificate: string, read?: () => Promise<{ refused: boolean }>) =>
    memory.identify({
      certificate,
      subject: certificate.charAt(0),
      read: async () => {
        readings.push(certificate);
        if (read) return read();
        if (registry === 'fails') throw OUTAGE;
        if (registry === 'hangs') return new Promise(() => {});
        return { refused: registry === 'refuses' };
      },
      decide({ refused }) {
        if (refused) throw new DenialError('REVOKED', 'revoked');
        return callerNamed(certificate);
      },
    });

  const accepted = { identity: { clientName: 'a' } };
  const refused = { code: 'REVOKED' };
  const unidentified = { name: 'RegistryUnavailableError', cause: OUTAGE };

  beforeEach(() => {
    now = 1_000_000;
    registry = 'accepts';
    readings = [];
    unavailable = [];
    memory = create();
  });
  afterEach(() => jest.useRealTimers());

  test('lasts for the revocation delay, for each certificate, and no longer', async () => {
    await identify('a');
    registry = 'refuses';
    now += REVOCATION_DELAY - 1;
    await expect(identify('a')).resolves.toMatchObject(accepted);
    await expect(identify('b')).rejects.toMatchObject(refused);
    now += 1;
    await expect(identify('a')).rejects.toMatchObject(refused);
    expect(readings).toEqual(['a', 'b', 'a']);
  });

  test('without a revocation delay, every request is looked up, also requests at once', async () => {
    memory = create({ revocationDelay: 0 });
    await Promise.all([identify('a'), identify('a')]);
    await identify('a');
    expect(readings).toHaveLength(3);
  });

  test('one lookup answers requests at once, and a failure is not remembered', async () => {
    registry = 'fails';
    const asked = await Promise.allSettled([identify('a'), identify('a')]);
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(readings).toHaveLength(1);

    registry = 'accepts';
    await expect(identify('a')).resolves.toMatchObject(accepted);
  });

  test('a lookup that ends late does not replace what a later one has found', async () => {
    let answer: (facts: { refused: boolean }) => void = () => {};
    const late = identify('a', () => new Promise((resolve) => (answer = resolve)));
    now += REVOCATION_DELAY;
    registry = 'refuses';
    await expect(identify('a')).rejects.toMatchObject(refused);

    answer({ refused: false });
    await late;
    await expect(identify('a')).rejects.toMatchObject(refused);
    expect(readings).toHaveLength(2);
  });

  test('a clock that is set back extends nothing', async () => {
    await identify('a');
    await identify('b');
    now -= 1;
    registry = 'refuses';
    await expect(identify('a')).rejects.toMatchObject(refused);
    await expect(identify('a')).rejects.toMatchObject(refused);
    registry = 'fails';
    await expect(identify('b')).rejects.toMatchObject(unidentified);
  });

  test('an entry that was used last is forgotten last', async () => {
    for (const certificate of ['a', 'b', 'a', 'c']) await identify(certificate);
    readings = [];
    for (const certificate of ['a', 'b']) await identify(certificate);
    expect(readings).toEqual(['b']);
  });

  test('refused callers never push out accepted ones, and a caller that is refused gives up its place', async () => {
    await identify('a');
    registry = 'refuses';
    for (const certificate of ['x', 'y', 'z']) await expect(identify(certificate)).rejects.toMatchObject(refused);
    readings = [];
    await identify('a');
    expect(readings).toEqual([]);

    now += REVOCATION_DELAY;
    await expect(identify('a')).rejects.toMatchObject(refused);
    for (const certificate of ['x', 'y']) await expect(identify(certificate)).rejects.toMatchObject(refused);
    readings = [];
    await expect(identify('a')).rejects.toMatchObject(refused);
    expect(readings).toEqual(['a']);
  });

  describe('while the registry can’t be read', () => {
    beforeEach(async () => {
      await identify('a');
      now += REVOCATION_DELAY;
      registry = 'fails';
    });

    test('accepts a caller that the last lookup accepted, until the tolerance is over', async () => {
      await expect(identify('a')).resolves.toMatchObject(accepted);
      now += OUTAGE_TOLERANCE - 1;
      await expect(identify('a')).resolves.toMatchObject(accepted);
      now += 1;
      await expect(identify('a')).rejects.toMatchObject(unidentified);
    });

    test('accepts nobody without a tolerance', async () => {
      memory = create({ outageTolerance: 0 });
      registry = 'accepts';
      await identify('a');
      registry = 'fails';
      now += REVOCATION_DELAY - 1;
      await expect(identify('a')).resolves.toMatchObject(accepted);
      now += 1;
      await expect(identify('a')).rejects.toThrow(RegistryUnavailableError);
    });

    test('refuses a caller that the last lookup refused, however long ago that was', async () => {
      registry = 'refuses';
      await expect(identify('a')).rejects.toMatchObject(refused);
      registry = 'fails';
      now += 10 * OUTAGE_TOLERANCE;
      await expect(identify('a')).rejects.toMatchObject(refused);
      expect(unavailable).toEqual([{ cause: OUTAGE, isAccepted: false }]);
    });

    test('refuses a caller that the last lookup refused without another lookup, when its own has just failed', async () => {
      registry = 'refuses';
      await expect(identify('b')).rejects.toMatchObject(refused);
      registry = 'fails';
      now += REVOCATION_DELAY;
      await expect(identify('b')).rejects.toMatchObject(refused);
      now += REVOCATION_DELAY - 1;
      readings = [];
      await expect(identify('b')).rejects.toMatchObject(refused);
      expect(readings).toEqual([]);
    });

    test('does not identify a caller that it has never looked up', async () => {
      await expect(identify('stranger')).rejects.toMatchObject(unidentified);
      expect(unavailable).toEqual([{ cause: OUTAGE, isAccepted: false }]);
    });

    test('does not accept a refused caller for a reason that has passed', async () => {
      let isEarly = true;
      const early = () =>
        memory.identify({
          certificate: 'early',
          subject: 'early',
          read: async () => {
            if (!isEarly) throw OUTAGE;
            return { refused: false };
          },
          decide: () => {
            if (isEarly) throw new DenialError('NOT_YET_VALID', 'early');
            return callerNamed('early');
          },
        });
      await expect(early()).rejects.toMatchObject({ code: 'NOT_YET_VALID' });
      isEarly = false;
      now += REVOCATION_DELAY;
      await expect(early()).rejects.toMatchObject(unidentified);
    });

    test('looks one caller up in five seconds, whichever it is, once the lookups of two have failed', async () => {
      registry = 'accepts';
      await Promise.all([identify('a'), identify('b')]);
      registry = 'fails';
      now += REVOCATION_DELAY;
      readings = [];
      for (let second = 0; second < 15; second++) {
        for (const certificate of ['a', 'b', 'a', 'b']) await identify(certificate);
        now += 1_000;
      }
      expect(readings).toEqual(['a', 'b', 'a', 'a']);
      expect(unavailable).toEqual(Array(4).fill({ cause: OUTAGE, isAccepted: true }));
    });

    test('looks the others up as before after the first lookup that succeeds', async () => {
      memory = create({}, 3);
      registry = 'accepts';
      for (const certificate of ['a', 'b', 'c']) await identify(certificate);
      now += REVOCATION_DELAY;
      registry = 'fails';
      for (const certificate of ['a', 'b', 'c']) await identify(certificate);
      registry = 'refuses';
      await expect(identify('c')).resolves.toMatchObject({ identity: { clientName: 'c' } });
      await expect(identify('stranger')).rejects.toMatchObject(refused);
      await expect(identify('c')).rejects.toMatchObject(refused);
    });

    test.each([
      ['one caller', ['a']],
      ['two certificates of one client', ['a1', 'a2']],
    ])('the failures of %s keep nobody else from being looked up', async (_case, failing) => {
      memory = create({}, 3);
      registry = 'accepts';
      for (const certificate of [...failing, 'b']) await identify(certificate);
      now += REVOCATION_DELAY;
      registry = 'fails';
      for (const certificate of failing) await identify(certificate);
      registry = 'refuses';
      await expect(identify('b')).rejects.toMatchObject(refused);
    });

    test('a lookup that succeeds does not have the caller that can’t be read looked up with each request', async () => {
      await identify('a');
      registry = 'accepts';
      await identify('b');
      registry = 'fails';
      readings = [];
      await expect(identify('a')).resolves.toMatchObject(accepted);
      now += REVOCATION_DELAY - 1;
      await expect(identify('a')).resolves.toMatchObject(accepted);
      expect(readings).toEqual([]);
      now += 1;
      await expect(identify('a')).resolves.toMatchObject(accepted);
      expect(readings).toEqual(['a']);
    });

    test('a stranger whose lookup fails does not keep accepted callers from being looked up', async () => {
      await expect(identify('stranger')).rejects.toMatchObject(unidentified);
      registry = 'refuses';
      await expect(identify('a')).rejects.toMatchObject(refused);
    });

    test('an accepted caller waits a second for a registry that gives no answer, and a stranger as long as it takes', async () => {
      jest.useFakeTimers();
      registry = 'hangs';
      const waiting = identify('a');
      let isIdentified = false;
      void identify('stranger').finally(() => (isIdentified = true));
      await jest.advanceTimersByTimeAsync(999);
      expect(unavailable).toEqual([]);
      await jest.advanceTimersByTimeAsync(1);
      await expect(waiting).resolves.toMatchObject(accepted);
      expect(String(unavailable[0]?.cause)).toContain('no answer within 1000 ms');

      await expect(identify('a')).resolves.toMatchObject(accepted);
      await jest.advanceTimersByTimeAsync(100_000);
      expect([isIdentified, readings]).toEqual([false, ['a', 'a', 'stranger']]);
      expect(jest.getTimerCount()).toBe(0);
    });

    test('what a slow lookup finds counts when it comes', async () => {
      jest.useFakeTimers();
      let answer: (facts: { refused: boolean }) => void = () => {};
      const waiting = identify('a', () => new Promise((resolve) => (answer = resolve)));
      await jest.advanceTimersByTimeAsync(1_000);
      await expect(waiting).resolves.toMatchObject(accepted);

      answer({ refused: true });
      await jest.advanceTimersByTimeAsync(0);
      await expect(identify('a')).rejects.toMatchObject(refused);
    });

    test('goes by what was found while the lookup failed', async () => {
      let fail: (cause: Error) => void = () => {};
      const failing = identify('a', () => new Promise((_resolve, reject) => (fail = reject)));
      now += REVOCATION_DELAY;
      registry = 'refuses';
      await expect(identify('a')).rejects.toMatchObject(refused);
      fail(OUTAGE);
      await expect(failing).rejects.toMatchObject(refused);
    });
  });
});

test('a question for what is not there takes no place in a map', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  expect(map.get('b')).toBeUndefined();
  map.set('c', 3);
  expect(map.get('a')).toBe(1);
});
