import { type Attempt, longestDuration, retry, sdkRetryStrategy } from '../../aws/retry';

type ErrorType = Parameters<ReturnType<typeof sdkRetryStrategy>['refreshRetryTokenForRetry']>[1]['errorType'];

const retries = sdkRetryStrategy({ backoff: { first: 100, throttled: 1_000, longest: 20_000 } });

afterEach(() => {
  jest.restoreAllMocks();
});

/** The delays of a call that keeps failing, in milliseconds. */
async function delays(errorType: ErrorType, count: number): Promise<readonly number[]> {
  const found: number[] = [];
  let token = await retries.acquireInitialRetryToken();
  for (let i = 0; i < count; i += 1) {
    token = await retries.refreshRetryTokenForRetry(token, { errorType });
    expect(token.getRetryCount()).toBe(i + 1);
    found.push(Math.round(token.getRetryDelay()));
  }
  return found;
}

describe('a throttled call of an SDK client', () => {
  test('waits longer after each attempt, then shorter, and in the end at most a second', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(1);
    expect(await delays('THROTTLING', 30)).toEqual([
      1000, 2000, 4000, 8000, 16_000, 14_833, 12_361, 10_301, 8584, 7153, 5961, 4968, 4140, 3450, 2875, 2396, 1996,
      1664, 1386, 1155, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
    ]);
  });

  test('waits a random part of the limit', async () => {
    jest.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.5).mockReturnValueOnce(0.25);
    expect(await delays('THROTTLING', 3)).toEqual([0, 1000, 1000]);
  });

  test('has no limit of attempts', async () => {
    expect(await delays('THROTTLING', 500)).toHaveLength(500);
  });
});

test('a call without an answer waits less at first than a throttled one', async () => {
  jest.spyOn(Math, 'random').mockReturnValue(1);
  expect(await delays('TRANSIENT', 10)).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 15_750, 13_125]);
});

test.each<ErrorType>(['CLIENT_ERROR', 'SERVER_ERROR'])('a call that ends with a %s is not retryable', async (type) => {
  await expect(delays(type, 1)).rejects.toThrow();
});

describe('retry', () => {
  const signal = new AbortController().signal;
  const backoff = { first: 1, longest: 2 };
  const failed = (message: string, retryable = true): Attempt<string> => ({ error: new Error(message), retryable });
  const attempts = (...results: Attempt<string>[]) => {
    const attempt = jest.fn(async (_signal: AbortSignal) => results.shift() ?? failed('no more results'));
    return attempt;
  };

  test('returns the value of the first attempt that succeeds', async () => {
    const attempt = attempts(failed('one'), failed('two'), { value: 'done' });

    await expect(retry({ backoff }, attempt, signal)).resolves.toBe('done');
    expect(attempt).toHaveBeenCalledTimes(3);
  });

  test('throws the error of the last attempt', async () => {
    const attempt = attempts(failed('one'), failed('two'), { value: 'done' });

    await expect(retry({ attempts: 2, backoff }, attempt, signal)).rejects.toThrow('two');
  });

  test('makes no other attempt after an error that is not retryable', async () => {
    const attempt = attempts(failed('one', false), { value: 'done' });

    await expect(retry({ backoff }, attempt, signal)).rejects.toThrow('one');
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  test('starts no attempt after the deadline', async () => {
    const attempt = attempts(failed('one'), { value: 'done' });

    await expect(retry({ deadline: 0, backoff }, attempt, signal)).rejects.toThrow('one');
  });

  test('aborts an attempt that takes longer than its timeout, and makes another', async () => {
    const results = ['one', 'two'];
    const attempt = (limited: AbortSignal) =>
      new Promise<Attempt<string>>((resolve) => {
        const value = results.shift() ?? '';
        if (value === 'two') resolve({ value });
        else limited.addEventListener('abort', () => resolve({ error: limited.reason, retryable: true }));
      });

    await expect(retry({ timeout: 10, backoff }, attempt, signal)).resolves.toBe('two');
  });

  test('ends with the reason of its signal, during an attempt and between attempts', async () => {
    const controller = new AbortController();
    const attempt = jest.fn(async () => {
      controller.abort(new Error('time is over'));
      return failed('one');
    });

    await expect(retry({ backoff }, attempt, controller.signal)).rejects.toThrow('time is over');
    await expect(retry({ backoff }, attempt, controller.signal)).rejects.toThrow('time is over');
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  test('doubles the delays up to the longest, from a longer first one after a throttled attempt', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(1);
    const waits: number[] = [];
    const realSetTimeout = setTimeout;
    const timers = jest.requireActual<typeof import('node:timers/promises')>('node:timers/promises');
    const pause = jest.spyOn(timers, 'setTimeout').mockImplementation(async (milliseconds) => {
      waits.push(milliseconds ?? 0);
      await new Promise((resolve) => realSetTimeout(resolve, 0));
      return undefined as never;
    });
    const throttled: Attempt<string> = { error: new Error('slow down'), retryable: true, throttled: true };
    const attempt = attempts(failed('a'), failed('b'), throttled, failed('c'), failed('d'), { value: 'done' });

    await retry({ backoff: { first: 10, throttled: 100, longest: 120 } }, attempt, signal);
    pause.mockRestore();

    expect(waits).toEqual([10, 20, 120, 80, 120]);
  });

  test('takes at most the longest duration of its policy', () => {
    expect(longestDuration({ attempts: 4, timeout: 100, backoff: { first: 10, longest: 25 } })).toBe(
      400 + 10 + 20 + 25,
    );
  });
});
