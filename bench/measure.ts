import { spawnSync } from 'node:child_process';

/** One line of the report. */
export interface Measurement {
  readonly what: string;
  readonly measured: string;
  /** The figure of the same run that it is compared with; absent for an absolute budget. */
  readonly floor?: string;
  readonly budget: string;
  readonly within: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs both in turn, A B A B …, so that changes of the machine's speed affect both. Medians in milliseconds. */
export async function paired(
  runs: number,
  measured: () => number | Promise<number>,
  floor: () => number | Promise<number>,
): Promise<{ readonly measured: number; readonly floor: number; readonly ratio: number }> {
  const times: { measured: number; floor: number }[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const pair = { measured: await measured(), floor: await floor() };
    // The first pair warms up caches.
    if (run > 0) times.push(pair);
  }
  return {
    measured: median(times.map((pair) => pair.measured)),
    floor: median(times.map((pair) => pair.floor)),
    ratio: median(times.map((pair) => pair.measured / pair.floor)),
  };
}

/** The duration of a Node.js process. Milliseconds. */
export function nodeTime(args: readonly string[], environment: NodeJS.ProcessEnv = {}): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { env: { ...process.env, ...environment } });
  const time = performance.now() - start;
  if (status !== 0) throw new Error(`node ${args.join(' ')} failed: ${stderr}`);
  return time;
}

export async function elapsed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export function milliseconds(time: number): string {
  return `${time < 10 ? time.toFixed(2) : time.toFixed(0)} ms`;
}
