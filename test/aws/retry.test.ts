import { FairRetries } from '../../aws/fair-retries';

type ErrorType = Parameters<FairRetries['refreshRetryTokenForRetry']>[1]['errorType'];

const retries = new FairRetries();

afterEach(() => {
  jest.restoreAllMocks();
});

/** The pauses of a call that fails again and again, in milliseconds. */
async function pauses(errorType: ErrorType, count: number): Promise<readonly number[]> {
  const delays: number[] = [];
  let token = await retries.acquireInitialRetryToken();
  for (let i = 0; i < count; i += 1) {
    token = await retries.refreshRetryTokenForRetry(token, { errorType });
    expect(token.getRetryCount()).toBe(i + 1);
    delays.push(Math.round(token.getRetryDelay()));
  }
  return delays;
}

describe('a throttled call', () => {
  test('is tried again after pauses that grow, then shrink, then stay within a second', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(1);
    expect(await pauses('THROTTLING', 30)).toEqual([
      1000, 2000, 4000, 8000, 16_000, 14_833, 12_361, 10_301, 8584, 7153, 5961, 4968, 4140, 3450, 2875, 2396, 1996,
      1664, 1386, 1155, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
    ]);
  });

  test('is tried at a random time within the pause', async () => {
    jest.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.5).mockReturnValueOnce(0.25);
    expect(await pauses('THROTTLING', 3)).toEqual([0, 1000, 1000]);
  });

  test('is never given up', async () => {
    expect(await pauses('THROTTLING', 500)).toHaveLength(500);
  });
});

test('a call that was not answered is tried again soon, then ever more rarely', async () => {
  jest.spyOn(Math, 'random').mockReturnValue(1);
  expect(await pauses('TRANSIENT', 10)).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 20_000, 20_000]);
});

test.each<ErrorType>(['CLIENT_ERROR', 'SERVER_ERROR'])(
  'a call that ends with a %s is not tried again',
  async (type) => {
    await expect(pauses(type, 1)).rejects.toThrow();
  },
);
