import { ALL_FAULTS, CallNotMadeError, type Cell, FAULTS, InvariantError, withoutHanging } from './cell';
import { canHappen } from './fault-injector';

export interface Result {
  readonly cell: Cell;
  /** What does not hold; absent when everything holds. */
  readonly failure?: string;
  /** Whether the operation made the call in one of the runs. */
  readonly isCallMade: boolean;
}

/** Runs cells one after the other. Replaced after a cell that fails or that leaves it changed. */
export interface Lane {
  readonly isRepeatable: boolean;
  run(cell: Cell): Promise<void>;
  close(): Promise<void>;
}

/** Cells, and how many of them run at the same time. */
export interface Batch {
  readonly cells: readonly Cell[];
  readonly lanes: number;
}

/** Runs of a cell, each in a new lane, until the operation makes the call that the fault is set for. */
const RUNS = 3;

/** Runs all cells of all batches. Batches don't wait for each other. */
export async function runAll(batches: readonly Batch[], open: () => Promise<Lane>): Promise<readonly Result[]> {
  const results: Result[] = [];
  const work = async (queue: Cell[]) => {
    let lane: Lane | undefined;
    for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
      let result: Result | undefined;
      for (let run = 1; run <= RUNS && !result?.isCallMade; run++) {
        lane ??= await open();
        result = await runOne(lane, cell);
        if (result.isCallMade && result.failure === undefined && lane.isRepeatable) continue;
        await lane.close();
        lane = undefined;
      }
      if (result !== undefined) results.push(result);
    }
    await lane?.close();
  };
  // All lanes end before an error of one of them is thrown.
  const ended = await Promise.allSettled(
    batches.flatMap(({ cells, lanes }) => {
      const queue = [...cells];
      return Array.from({ length: lanes }, () => work(queue));
    }),
  );
  for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
  return results;
}

async function runOne(lane: Lane, cell: Cell): Promise<Result> {
  try {
    await withoutHanging(cell.operation, lane.run(cell));
    return { cell, isCallMade: true };
  } catch (error) {
    if (error instanceof CallNotMadeError) return { cell, isCallMade: false };
    const failure = error instanceof InvariantError ? error.message : String((error as Error)?.stack ?? error);
    return { cell, failure, isCallMade: true };
  }
}

/** Calls × faults, one row per call. */
export function matrix(results: readonly Result[]): string {
  const rows = new Map<string, Result[]>();
  for (const result of results) {
    const { operation, site } = result.cell;
    const key = JSON.stringify([operation, site.step, `${site.service}:${site.operation}`, site.nth]);
    rows.set(key, [...(rows.get(key) ?? []), result]);
  }
  const lines = [...rows].map(([key, ofRow]) => {
    const [operation, step, call, nth] = JSON.parse(key) as [string, string, string, number];
    const outcomes = ALL_FAULTS.map((fault) => {
      const result = ofRow.find(({ cell }) => cell.fault === fault);
      if (result === undefined) return '·';
      if (!result.isCallMade) return 'not made';
      return result.failure === undefined ? 'held' : 'FAILED';
    });
    return [operation, step, nth === 0 ? call : `${call} (${nth + 1})`, ...outcomes];
  });
  const all = [['operation', 'step', 'call', ...ALL_FAULTS], ...lines.sort()];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? [];
  return all
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One cell for each fault that can happen to each call. */
export function cellsOf(
  operation: string,
  sites: readonly Cell['site'][],
  faults: readonly Cell['fault'][] = FAULTS,
): Cell[] {
  return sites.flatMap((site) =>
    faults.filter((fault) => canHappen(site, fault)).map((fault) => ({ operation, site, fault })),
  );
}
