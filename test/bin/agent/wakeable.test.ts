import { WakeableClock } from '../../../bin/agent/wakeable';

const LONG = 3_600_000;
const never = new AbortController().signal;

test('sleeps until it is woken', async () => {
  const clock = new WakeableClock();
  const slept = clock.sleep(LONG, never);
  clock.wake();
  await slept;
});

test('does not sleep when it was woken before, and only once', async () => {
  const clock = new WakeableClock();
  clock.wake();
  await clock.sleep(LONG, never);
  const second = clock.sleep(LONG, never);
  expect(
    await Promise.race([second.then(() => 'awake'), new Promise((resolve) => setImmediate(resolve, 'asleep'))]),
  ).toBe('asleep');
  clock.wake();
  await second;
});

test('ends its sleep with the signal, and leaves no listener', async () => {
  const clock = new WakeableClock();
  const ending = new AbortController();
  const slept = clock.sleep(LONG, ending.signal);
  ending.abort();
  await slept;
  await clock.sleep(LONG, ending.signal);
});

test('sleeps longer than a timer can', async () => {
  const clock = new WakeableClock();
  const slept = clock.sleep(2 ** 40, never);
  expect(
    await Promise.race([slept.then(() => 'awake'), new Promise((resolve) => setTimeout(resolve, 20, 'asleep'))]),
  ).toBe('asleep');
  clock.wake();
  await slept;
});
