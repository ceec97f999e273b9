/** The faults that can happen to every call. */
export const FAULTS = ['throttled', 'failed before', 'failed after', 'too slow', 'killed', 'keeps failing'] as const;
/** Those, and what happens to conditional writes only: the columns of the matrix. */
export const ALL_FAULTS = [...FAULTS, 'conflicted'] as const;
export type FaultName = (typeof ALL_FAULTS)[number];

/** A call that an operation makes. Identifies the same call in every run. */
export interface CallSite {
  /** What the function was invoked for, such as `createSecret`. */
  readonly step: string;
  readonly service: string;
  readonly operation: string;
  /** Index among the step's calls of that operation, from 0. */
  readonly nth: number;
}

/** One operation with one fault at one of its calls. */
export interface Cell {
  readonly operation: string;
  readonly site: CallSite;
  readonly fault: FaultName;
}

/** A rule does not hold after an operation. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** The operation did not make the call in this run, such as a read that a warm function answers from its cache. */
export class CallNotMadeError extends Error {
  override readonly name = 'CallNotMadeError';
}

export function assertHolds(holds: boolean, invariant: string): void {
  if (!holds) throw new InvariantError(invariant);
}

/** Stops what hangs. Hundreds of times as long as a cell takes, so a busy machine never reaches it. */
const HANG_MILLISECONDS = 900_000;

/** @throws InvariantError when the work hangs */
export async function withoutHanging<T>(what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new InvariantError(`${what} hangs`)), HANG_MILLISECONDS);
  });
  return Promise.race([work, hangs]).finally(() => clearTimeout(timer));
}

/** Polls until the condition is true. The caller's cell or test stops it when it hangs. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20));
}
