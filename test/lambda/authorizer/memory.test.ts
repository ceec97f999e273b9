import { BoundedMap, MEMORY_TIME, RegistryMemory } from '../../../lambda/authorizer/memory';

describe('what was read', () => {
  let now: number;
  let readings: number;
  let memory: RegistryMemory<number>;
  const read = async () => ++readings;

  beforeEach(() => {
    now = 1_000_000;
    readings = 0;
    memory = new RegistryMemory(() => new Date(now), 2);
  });

  test('is remembered for ten seconds by its key, and no longer', async () => {
    expect(await memory.recall('a', read)).toBe(1);
    now += MEMORY_TIME - 1;
    expect(await memory.recall('a', read)).toBe(1);
    expect(await memory.recall('b', read)).toBe(2);
    now += 1;
    expect(await memory.recall('a', read)).toBe(3);
  });

  test('is read once for those who ask at once, and not remembered when it could not be read', async () => {
    const fail = jest.fn(() => Promise.reject(new Error('slow')));
    const asked = await Promise.allSettled([memory.recall('a', fail), memory.recall('a', fail)]);

    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(fail).toHaveBeenCalledTimes(1);
    expect(await memory.recall('a', read)).toBe(1);
  });

  test('outlives the failure of an older reading', async () => {
    let fail: (reason: Error) => void = () => {};
    const failing = memory.recall('a', () => new Promise<number>((_, reject) => (fail = reject)));
    now += MEMORY_TIME;
    expect(await memory.recall('a', read)).toBe(1);

    fail(new Error('late'));
    await expect(failing).rejects.toThrow('late');
    expect(await memory.recall('a', read)).toBe(1);
  });

  test('is forgotten first where it was asked for last', async () => {
    for (const key of ['a', 'b', 'a', 'c']) await memory.recall(key, read);

    expect([await memory.recall('a', read), await memory.recall('b', read)]).toEqual([1, 4]);
  });
});

test('a question for what is not there takes no place in a map', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  expect(map.get('b')).toBeUndefined();
  map.set('c', 3);
  expect(map.get('a')).toBe(1);
});
