import type { Sandbox } from '../../sandbox';
import type { CallSite, Cell, FaultName } from './cell';
import { type Actor, callsOf } from './fault-injector';
import { cellsOf, type Lane, runAll } from './matrix';
import { record } from './record';

/** Sandboxes at the same time. An operator's command waits in real time for a slow call. */
const LANES = { busy: 2, waiting: 6 };

/** Share of the cells whose call may be missing from all runs, because what a function has cached varies. */
const MAX_NOT_MADE = 0.02;

/** A change of a mesh in which every call may fail. */
export interface Operation {
  /** Its name in the matrix. */
  readonly name: string;
  /** Opens a sandbox in which the operation can be done. */
  open(): Promise<Sandbox>;
  /** Who makes the calls. */
  actor(sandbox: Sandbox): Actor;
  /** Does it without a fault. */
  work(sandbox: Sandbox): Promise<void>;
  /** Does it with a fault, and checks what must hold. */
  run(sandbox: Sandbox, actor: Actor, cell: Cell): Promise<void>;
  /** Whether the same sandbox can run another cell after one that held. */
  readonly isRepeatable: boolean;
  /** What happens to each call. @default FAULTS */
  readonly faults?: readonly FaultName[];
  /** Which calls get faults. @default - all calls of the actor */
  concerns?(site: CallSite): boolean;
}

/** Finds the operation's calls in a run without a fault, then runs it with every fault at every call. */
export async function prove(operation: Operation): Promise<void> {
  const { name, isRepeatable, concerns = () => true } = operation;
  const first = await operation.open();
  const made = await callsOf(first, operation.actor(first), () => operation.work(first)).finally(() => first.close());
  const sites = made.filter(concerns);
  const openLane = async (): Promise<Lane> => {
    const sandbox = await operation.open();
    const actor = operation.actor(sandbox);
    return { isRepeatable, run: (cell) => operation.run(sandbox, actor, cell), close: () => sandbox.close() };
  };
  const cells = cellsOf(name, sites, operation.faults);
  const { functionName } = operation.actor(first);
  const isWaiting = ({ fault }: Cell) => fault === 'too slow' && functionName === undefined;
  const batches = [
    { cells: cells.filter(isWaiting), lanes: LANES.waiting },
    { cells: cells.filter((cell) => !isWaiting(cell)), lanes: LANES.busy },
  ];
  const results = await runAll(batches, openLane);
  record(results);
  const failed = results.filter(({ failure }) => failure !== undefined);
  const notMade = results.filter(({ isCallMade }) => !isCallMade);
  expect(results.length).toBeGreaterThan(sites.length);
  expect(failed).toEqual([]);
  expect(notMade.length).toBeLessThanOrEqual(Math.ceil(results.length * MAX_NOT_MADE));
}
