/**
 * The times from the start of `work` to its end, however long it took.
 * @returns a check whether a time is one of them, to the second
 */
export async function duringWork<T>(now: () => Date, work: () => Promise<T>) {
  const from = Math.floor(now().getTime() / 1000) * 1000;
  const result = await work();
  const to = now().getTime();
  return { result, includes: (time: number) => from <= time && time <= to };
}
