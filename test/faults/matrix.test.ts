import { Sandbox } from '../../sandbox';
import type { Cell } from './cell';
import { BASE, changeOf, deploymentCell } from './deployment';
import { type Actor, callsOf } from './fault-injector';
import { cellsOf, matrix, type Result, runAll } from './matrix';
import { assemblyWith, type Clients, ISSUER_TIMEOUT_SECONDS, removeAssemblies } from './mesh';
import { operatorActor, revocationCell, revokeOnce } from './revocation';
import { issuerActor, rotate, rotationCell } from './rotation';

/** Sandboxes at a time: most cells wait, some for a call that is too slow. */
const LANES = 6;
const TOO_SLOW_MILLISECONDS = ISSUER_TIMEOUT_SECONDS * 1000 + 500;
/** Longer than the operator's clients wait for an answer. */
const TOO_SLOW_FOR_OPERATOR_MILLISECONDS = 21_000;

/** Printed with the matrix, so that nobody takes it for more than it is. */
const NOT_COVERED =
  'Clients are created and deleted by stack updates; a whole stack is created without a fault, and not deleted. Of calls that poll (GetCertificate) the first goes wrong.';

const all: Result[] = [];

afterAll(() => {
  removeAssemblies();
  const held = all.filter(({ failure }) => failure === undefined).length;
  process.stdout.write(`\n${matrix(all)}\n\n${held} of ${all.length} held. ${NOT_COVERED}\n`);
});

type RunCell = (sandbox: Sandbox, actor: Actor, cell: Cell) => Promise<void>;
type MakeActor = (sandbox: Sandbox, tooSlowMilliseconds: number) => Actor;

/** Finds the operation's calls in a run without a fault, and runs it with every fault of each. */
async function prove(
  operation: string,
  makeActor: MakeActor,
  work: (sandbox: Sandbox) => Promise<void>,
  runCell: RunCell,
  tooSlow: number,
  from: Clients = BASE,
): Promise<void> {
  let opening: Promise<unknown> = Promise.resolve();
  /** One after the other: together they would be slow enough to run out of the issuer's short time. */
  const lane = () => {
    const opened = opening.then(deploy);
    opening = opened.catch(() => undefined);
    return opened;
  };
  const deploy = async () => {
    const sandbox = await Sandbox.deploy(assemblyWith(from));
    // New schedules are tried.
    await sandbox.advance(0);
    return { sandbox, actor: makeActor(sandbox, tooSlow) };
  };
  const first = await lane();
  const sites = await callsOf(first.sandbox, first.actor, () => work(first.sandbox)).finally(() =>
    first.sandbox.close(),
  );
  const results = await runAll(cellsOf(operation, sites), LANES, async () => {
    const { sandbox, actor } = await lane();
    return { run: (cell) => runCell(sandbox, actor, cell), close: () => sandbox.close() };
  });
  all.push(...results);
  const broken = results.filter(({ failure }) => failure !== undefined);
  expect(results.length).toBeGreaterThan(sites.length);
  expect(broken).toEqual([]);
}

test('a rotation ends with one certificate that works, whichever of its calls goes wrong and how', () =>
  prove('rotate', issuerActor, (sandbox) => rotate(sandbox), rotationCell, TOO_SLOW_MILLISECONDS));

test('what is revoked is refused and the client can be given another certificate, whichever call goes wrong', () =>
  prove('revoke', operatorActor, revokeOnce, revocationCell, TOO_SLOW_FOR_OPERATOR_MILLISECONDS));

test.each(['create client', 'update client', 'delete client'])(
  '%s is done or undone, and done the second time, whichever call goes wrong',
  (operation) => {
    const { from, to } = changeOf(operation);
    const work = async (sandbox: Sandbox) => {
      await sandbox.update(assemblyWith(to));
      await sandbox.advance(0);
    };
    return prove(operation, issuerActor, work, deploymentCell, TOO_SLOW_MILLISECONDS, from);
  },
);
