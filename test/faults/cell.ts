/** What goes wrong, as the matrix's columns say it. */
export const FAULTS = ['throttled', 'failed before', 'failed after', 'too slow', 'killed', 'keeps failing'] as const;
export type FaultName = (typeof FAULTS)[number];

/** A call that an operation makes, as it is found again in another run. */
export interface CallSite {
  /** What the function was invoked for, such as `createSecret`. */
  readonly step: string;
  readonly service: string;
  readonly operation: string;
  /** Among the calls of that operation in the step, from 0. */
  readonly nth: number;
}

/** One operation with one of its calls going wrong in one way. */
export interface Cell {
  readonly operation: string;
  readonly site: CallSite;
  readonly fault: FaultName;
}

/** Something that has to hold after an operation does not. */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant';
}

export function assertHolds(holds: boolean, invariant: string): void {
  if (!holds) throw new BrokenInvariant(invariant);
}

/** Longest that anything may take, in real time. */
const PATIENCE_MILLISECONDS = 60_000;

/** @throws BrokenInvariant when the work has not ended in time */
export async function withoutHanging<T>(what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new BrokenInvariant(`${what} hangs`)), PATIENCE_MILLISECONDS);
  });
  return Promise.race([work, hangs]).finally(() => clearTimeout(timer));
}

/** Waits in real time. @throws BrokenInvariant when it does not come true */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new BrokenInvariant(`${what}: not seen`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
