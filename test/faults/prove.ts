import type { Sandbox } from '../../sandbox';
import type { Cell } from './cell';
import { type Actor, callsOf } from './fault-injector';
import { cellsOf, type Lane, runAll } from './matrix';
import { record } from './record';

/** Sandboxes at a time. Those with a call that is too slow do nothing for most of the time. */
const LANES = { busy: 3, waiting: 7 };

/** Something that is done to a mesh, in which every call may go wrong. */
export interface Operation {
  /** As the matrix calls it. */
  readonly name: string;
  /** A sandbox in which the operation can be done. */
  open(): Promise<Sandbox>;
  /** Who makes the calls. */
  actor(sandbox: Sandbox): Actor;
  /** Does it when nothing goes wrong. */
  work(sandbox: Sandbox): Promise<void>;
  /** Does it while something goes wrong, and checks what has to hold. */
  run(sandbox: Sandbox, actor: Actor, cell: Cell): Promise<void>;
  /** Whether a sandbox is as good as new after a cell that held. */
  readonly isRepeatable: boolean;
}

/** Finds the operation's calls in a run without a fault, and runs it with every fault of each. */
export async function prove(operation: Operation): Promise<void> {
  const { name, isRepeatable } = operation;
  let opening: Promise<unknown> = Promise.resolve();
  /** One after the other: together they would be slow enough to run out of a function's short time. */
  const openNext = () => {
    const opened = opening.then(() => operation.open());
    opening = opened.catch(() => undefined);
    return opened;
  };
  const first = await openNext();
  const sites = await callsOf(first, operation.actor(first), () => operation.work(first)).finally(() => first.close());
  const openLane = async (): Promise<Lane> => {
    const sandbox = await openNext();
    const actor = operation.actor(sandbox);
    return { isRepeatable, run: (cell) => operation.run(sandbox, actor, cell), close: () => sandbox.close() };
  };
  const cells = cellsOf(name, sites);
  const isWaiting = ({ fault }: Cell) => fault === 'too slow';
  const batches = [
    { cells: cells.filter(isWaiting), lanes: LANES.waiting },
    { cells: cells.filter((cell) => !isWaiting(cell)), lanes: LANES.busy },
  ];
  const results = await runAll(batches, openLane);
  record(results);
  const broken = results.filter(({ failure }) => failure !== undefined);
  expect(results.length).toBeGreaterThan(sites.length);
  expect(broken).toEqual([]);
}
