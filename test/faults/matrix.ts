import { BrokenInvariant, type Cell, FAULTS, withoutHanging } from './cell';
import { canHappen } from './fault-injector';

export interface Result {
  readonly cell: Cell;
  /** Why it is broken; absent when all held. */
  readonly failure?: string;
}

/** Something that runs cells one after the other, and is made anew after one that broke or can't be repeated. */
export interface Lane {
  readonly isRepeatable: boolean;
  run(cell: Cell): Promise<void>;
  close(): Promise<void>;
}

/** Cells, and how many of them run at a time. */
export interface Batch {
  readonly cells: readonly Cell[];
  readonly lanes: number;
}

/** Runs all cells of all batches, which don't wait for each other. */
export async function runAll(batches: readonly Batch[], open: () => Promise<Lane>): Promise<readonly Result[]> {
  const results: Result[] = [];
  const work = async (queue: Cell[]) => {
    let lane: Lane | undefined;
    for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
      lane ??= await open();
      let failure: string | undefined;
      try {
        await withoutHanging(cell.operation, lane.run(cell));
      } catch (error) {
        failure = error instanceof BrokenInvariant ? error.message : String((error as Error)?.stack ?? error);
      }
      results.push({ cell, ...(failure !== undefined && { failure }) });
      if (failure === undefined && lane.isRepeatable) continue;
      await lane.close();
      lane = undefined;
    }
    await lane?.close();
  };
  // No lane is left running when another can't go on.
  const ended = await Promise.allSettled(
    batches.flatMap(({ cells, lanes }) => {
      const queue = [...cells];
      return Array.from({ length: lanes }, () => work(queue));
    }),
  );
  for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
  return results;
}

/** Calls × faults, one row a call. */
export function matrix(results: readonly Result[]): string {
  const rows = new Map<string, Result[]>();
  for (const result of results) {
    const { operation, site } = result.cell;
    const key = JSON.stringify([operation, site.step, `${site.service}:${site.operation}`, site.nth]);
    rows.set(key, [...(rows.get(key) ?? []), result]);
  }
  const lines = [...rows].map(([key, ofRow]) => {
    const [operation, step, call, nth] = JSON.parse(key) as [string, string, string, number];
    const outcomes = FAULTS.map((fault) => {
      const result = ofRow.find(({ cell }) => cell.fault === fault);
      if (result === undefined) return '·';
      return result.failure === undefined ? 'held' : 'FAILED';
    });
    return [operation, step, nth === 0 ? call : `${call} (${nth + 1})`, ...outcomes];
  });
  const all = [['operation', 'step', 'call', ...FAULTS], ...lines.sort()];
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

/** Every fault that each call can have. */
export function cellsOf(
  operation: string,
  sites: readonly Cell['site'][],
  faults: readonly Cell['fault'][] = FAULTS,
): Cell[] {
  return sites.flatMap((site) =>
    faults.filter((fault) => canHappen(site, fault)).map((fault) => ({ operation, site, fault })),
  );
}
