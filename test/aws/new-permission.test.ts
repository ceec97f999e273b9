import { AwsCallError } from '../../aws/aws-error';
import { whenPermitted } from '../../aws/new-permission';

const signal = new AbortController().signal;

/** Fails so often with the code, and then succeeds. */
function failing(times: number, code: string) {
  let calls = 0;
  return {
    call: async () => {
      if (++calls <= times) throw new AwsCallError('kms:Sign', code, 'no');
      return calls;
    },
    calls: () => calls,
  };
}

test('a call that is denied is repeated', async () => {
  const { call } = failing(1, 'AccessDeniedException');
  await expect(whenPermitted(call, signal)).resolves.toBe(2);
});

test('a call that fails for another reason is not repeated', async () => {
  const { call, calls } = failing(1, 'DisabledException');
  await expect(whenPermitted(call, signal)).rejects.toThrow('DisabledException');
  expect(calls()).toBe(1);
});

test('an error that is not of AWS passes', async () => {
  const call = () => Promise.reject(new TypeError('bug'));
  await expect(whenPermitted(call, signal)).rejects.toThrow(TypeError);
});

test('a call that is always denied fails at the end', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  const { call, calls } = failing(100, 'AccessDeniedException');
  const failed = expect(whenPermitted(call, signal)).rejects.toThrow('AccessDeniedException');
  for (let second = 0; second < 40; second++) await jest.advanceTimersByTimeAsync(1_000);
  await failed;
  expect(calls()).toBe(6);
});
