import { RequestQuota } from '../../../sandbox/endpoint/request-quota';

let now: number;
let quota: RequestQuota;

beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
  quota = new RequestQuota(4, () => new Date(now));
});

/** How many requests pass before one is refused. */
function passing(): number {
  for (let passed = 0; ; passed += 1) {
    try {
      quota.take();
    } catch {
      return passed;
    }
  }
}

test('lets as many requests pass at once as it allows in a second', () => {
  expect(passing()).toBe(4);
});

test('refuses one too many as AWS does', () => {
  passing();
  expect(() => quota.take()).toThrow(expect.objectContaining({ name: 'ThrottlingException', status: 400 }));
});

test.each([
  [249, 0],
  [250, 1],
  [600, 2],
  [1000, 4],
])('%i ms after it was used up lets %i pass', (milliseconds, passed) => {
  passing();
  now += milliseconds;
  expect(passing()).toBe(passed);
});

test('saves up no more than a second', () => {
  now += 3_600_000;
  expect(passing()).toBe(4);
});

test('loses nothing to requests that it refuses', () => {
  passing();
  for (let tenth = 0; tenth < 9; tenth += 1) {
    now += 25;
    expect(passing()).toBe(0);
  }
  now += 25;
  expect(passing()).toBe(1);
});
