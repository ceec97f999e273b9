import { Refreshed } from '../../../bin/console/refreshed';

/** A value whose reads the test ends. */
function open(patience = 60_000) {
  let at = 1_000;
  const reads: { resolve(value: string): void; reject(error: Error): void }[] = [];
  const value = new Refreshed<string>({
    now: () => new Date(at),
    maxAge: 5_000,
    patience,
    read: () => new Promise((resolve, reject) => reads.push({ resolve, reject })),
  });
  const advance = (milliseconds: number) => {
    at += milliseconds;
  };
  return { value, reads, advance };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('the first value is waited for, and read once for all who wait', async () => {
  const { value, reads } = open();
  const waiting = [value.current(), value.current()];
  reads[0]?.resolve('one');
  await expect(Promise.all(waiting)).resolves.toEqual([
    { value: 'one', readAt: '1970-01-01T00:00:01.000Z' },
    { value: 'one', readAt: '1970-01-01T00:00:01.000Z' },
  ]);
  expect(reads).toHaveLength(1);
});

test('an old value is shown while the next one is read', async () => {
  const { value, reads, advance } = open();
  const first = value.current();
  reads[0]?.resolve('one');
  await first;
  advance(5_000);
  await expect(value.current()).resolves.toMatchObject({ value: 'one' });
  expect(reads).toHaveLength(2);
  reads[1]?.resolve('two');
  await settled();
  await expect(value.current()).resolves.toMatchObject({ value: 'two' });
  expect(reads).toHaveLength(2);
});

test('a failure is told by its name, beside the last value, and ends with the next success', async () => {
  const { value, reads, advance } = open();
  const first = value.current();
  reads[0]?.reject(new Error('logs:FilterLogEvents failed with AccessDeniedException: no'));
  await expect(first).resolves.toEqual({ failure: 'logs:FilterLogEvents failed with AccessDeniedException: no' });

  advance(5_000);
  await value.current();
  reads[1]?.resolve('one');
  await settled();
  await expect(value.current()).resolves.toEqual({ value: 'one', readAt: expect.any(String) });

  advance(5_000);
  await value.current();
  reads[2]?.reject(new Error('throttled'));
  await settled();
  await expect(value.current()).resolves.toEqual({ value: 'one', readAt: expect.any(String), failure: 'throttled' });
});

test('a renewed value is read after what is under way', async () => {
  const { value, reads } = open();
  const first = value.current();
  const renewed = value.renew();
  reads[0]?.resolve('before');
  await first;
  await settled();
  reads[1]?.resolve('after');
  await renewed;
  await expect(value.current()).resolves.toMatchObject({ value: 'after' });
});

test('a service that does not answer leaves the value empty, until it does', async () => {
  const { value, reads } = open(1);
  await expect(value.current()).resolves.toEqual({});
  reads[0]?.resolve('one');
  await settled();
  await expect(value.current()).resolves.toMatchObject({ value: 'one' });
  expect(reads).toHaveLength(1);
});
