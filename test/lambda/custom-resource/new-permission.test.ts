import { scheduler } from 'node:timers/promises';
import { AwsCallError } from '../../../aws/aws-error';
import { failureSentence } from '../../../aws/failure';
import { whenPermitted } from '../../../lambda/custom-resource/new-permission';
import { withDeadline } from '../../../lambda/deadline';

const denied = (reason: string) => new AwsCallError('kms:Sign', 'AccessDeniedException', reason);
const signal = new AbortController().signal;

/** Work that fails so often, and then succeeds. */
function failing(times: number, error: Error) {
  let runs = 0;
  return {
    work: async () => {
      if (++runs <= times) throw error;
      return runs;
    },
    runs: () => runs,
  };
}

describe('work of a deployment', () => {
  let waited: number[];

  beforeEach(() => {
    waited = [];
    jest.spyOn(scheduler, 'wait').mockImplementation(async (milliseconds = 0) => void waited.push(milliseconds));
  });
  afterEach(() => jest.restoreAllMocks());

  test.each([
    ['S3', new AwsCallError('s3:PutObject', 'AccessDenied', 'no')],
    ['DynamoDB', new AwsCallError('dynamodb:GetItem', 'AccessDeniedException', 'no')],
    ['a service, which is the cause of what failed', new Error('incomplete', { cause: denied('no') })],
    [
      'a service, which is one of several failures, and the cause of a cause',
      new AggregateError([
        new Error('disabled'),
        new Error('no list', { cause: new Error('no key', { cause: denied('no') }) }),
      ]),
    ],
  ])('is repeated when it is denied by %s', async (_service, error) => {
    const { work } = failing(2, error);
    await expect(whenPermitted(work, signal)).resolves.toBe(3);
    expect(waited).toHaveLength(2);
  });

  test.each([
    new AwsCallError('kms:Sign', 'DisabledException', 'no'),
    denied(
      'User: role/issuer is not authorized to perform: kms:Sign with an explicit deny in a service control policy',
    ),
    new TypeError('bug'),
    new Error('AccessDenied'),
  ])('is not repeated when it fails for another reason: %s', async (error) => {
    const { work, runs } = failing(1, error);
    await expect(whenPermitted(work, signal)).rejects.toBe(error);
    expect(runs()).toBe(1);
  });

  test('fails with the denial when it is denied for about half a minute', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const { work, runs } = failing(100, denied('no'));
    const failure = await whenPermitted(work, signal).catch((error) => error);
    expect(failureSentence(failure)).toBe(
      'denied in all of 10 attempts: kms:Sign failed with AccessDeniedException: no',
    );
    expect(runs()).toBe(10);
    expect(Math.round(waited.reduce((sum, milliseconds) => sum + milliseconds, 0) / 1_000)).toBe(29);
  });

  test('is not repeated as a whole when a part of it that repeats its own calls has given up', async () => {
    const part = failing(100, denied('no'));
    const whole = jest.fn((limited: AbortSignal) => whenPermitted(part.work, limited));
    await expect(whenPermitted(whole, signal)).rejects.toThrow('denied in all of 10 attempts');
    expect([whole.mock.calls.length, part.runs()]).toEqual([1, 10]);
  });

  test('ends when its time does', async () => {
    const controller = new AbortController();
    const work = async () => {
      controller.abort(new Error('too late'));
      throw denied('no');
    };
    await expect(whenPermitted(work, controller.signal)).rejects.toThrow('too late');
  });

  test.each<[string, (work: () => Promise<number>) => (limited: AbortSignal) => Promise<number>]>([
    ['', (work) => work],
    [' in a part of the work', (work) => (limited) => whenPermitted(work, limited)],
  ])('names the denial when the deadline comes during a pause%s', async (_where, wrap) => {
    jest.mocked(scheduler.wait).mockImplementation(() => new Promise(() => undefined));
    const work = wrap(failing(100, denied('no')).work);
    const failure = await withDeadline(1, (limited) => whenPermitted(work, limited)).catch((error) => error);
    expect(failureSentence(failure)).toBe(
      "not finished after 0 s, when the function's time ran out: kms:Sign failed with AccessDeniedException: no",
    );
  });

  test('does not blame a denial that has passed when the deadline comes later', async () => {
    const { work } = failing(1, denied('no'));
    const failure = await withDeadline(50, async (limited) => {
      await whenPermitted(work, limited);
      return new Promise(() => undefined);
    }).catch((error) => error);
    expect(failureSentence(failure)).toMatch(/a service that it calls is slow, throttles calls, or does not respond$/);
  });
});
