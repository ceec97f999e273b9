import { isDeepStrictEqual } from 'node:util';
import { type CallFaultKind, type FaultyCall, Sandbox } from '../../sandbox';
import {
  assertExplained,
  assertIssued,
  assertNoneKept,
  assertOneCertificateEach,
  authorityAssembly,
  keptCertificates,
} from './authorities';
import { assertHolds, type CallSite, type Cell } from './cell';
import { type Actor, SiteFault } from './fault-injector';
import { assertServed } from './invariants';
import { assemblyWith, deployed, type KmsAuthority, removeAssemblies, roleOf, workerActor } from './mesh';
import { prove } from './prove';

const CLIENT = 'mail';
const CLIENTS = { [CLIENT]: [] };

afterAll(removeAssemblies);

interface Making {
  readonly kind: KmsAuthority['kind'];
  concerns(site: CallSite): boolean;
}

test.each<Making>([
  // Its root is made like that of `kmsRoot`, and answers like the subordinate.
  { kind: 'kmsSubordinate', concerns: (site) => site.step.includes('Root') || isOfAuthority(site) },
  { kind: 'shortLivedSubordinateOfKmsRoot', concerns: ({ service }) => service === 'acm-pca' },
])('a $kind is made once or not at all, and is made when repeated, whichever call fails', ({ kind, concerns }) =>
  prove({
    name: `make ${kind}`,
    open: () => Sandbox.prepare(authorityAssembly({ kind })),
    actor: () => workerActor('authority'),
    work: async (sandbox) => {
      await sandbox.update(authorityAssembly({ kind }));
    },
    run: (sandbox, actor, cell) => makeUnderFault(kind, sandbox, actor, cell),
    isRepeatable: true,
    concerns,
  }),
);

/** Whether the call is about certificates of authorities. */
function isOfAuthority({ service }: CallSite): boolean {
  return service === 'kms' || service === 'ssm';
}

async function makeUnderFault(
  kind: KmsAuthority['kind'],
  sandbox: Sandbox,
  actor: Actor,
  { site, fault }: Cell,
): Promise<void> {
  const assembly = authorityAssembly({ kind });
  const siteFault = new SiteFault(sandbox, actor, site, fault);
  try {
    await sandbox.update(assembly).catch(async (error) => {
      assertExplained(error);
      await assertNoneKept(sandbox);
      await sandbox.update(assembly);
    });
    await siteFault.end();
    await assertOneCertificateEach(sandbox);
  } finally {
    siteFault.remove();
  }
  await sandbox.destroy();
  await assertNoneKept(sandbox);
}

test.each(['authority', 'lists'] as const)(
  'authorities are removed with their lists, at the latest when repeated, whichever call of the %s fails',
  (worker) =>
    prove({
      name: `remove kmsSubordinate (${worker})`,
      open: () => Sandbox.deploy(authorityAssembly({ kind: 'kmsSubordinate' })),
      actor: () => workerActor(worker),
      work: (sandbox) => sandbox.destroy(),
      run: removeUnderFault,
      isRepeatable: true,
    }),
);

/** Leaves the sandbox as it was. */
async function removeUnderFault(sandbox: Sandbox, actor: Actor, { site, fault }: Cell): Promise<void> {
  const siteFault = new SiteFault(sandbox, actor, site, fault);
  try {
    await sandbox.destroy().catch(async (error) => {
      assertExplained(error);
      await sandbox.destroy();
    });
    await siteFault.end();
    await assertNoneKept(sandbox);
  } finally {
    siteFault.remove();
  }
  await sandbox.update(authorityAssembly({ kind: 'kmsSubordinate' }));
}

interface Change {
  readonly what: string;
  /** The directory with a validity of so many days. */
  assembly(validityDays: number): string;
  concerns(site: CallSite): boolean;
}

const CHANGES: readonly Change[] = [
  {
    what: 'root',
    assembly: (validityDays) => assemblyWith(CLIENTS, { kind: 'kmsRoot', validityDays }),
    concerns: isOfAuthority,
  },
  {
    what: 'subordinate',
    assembly: (validityDays) => authorityAssembly({ kind: 'kmsSubordinate', validityDays }),
    concerns: (site) => isOfAuthority(site) || site.service === 'invocation',
  },
];

test.each(CHANGES)('another validity of a $what takes effect or rolls back, whichever call fails', (change) =>
  prove({
    name: `change validity of ${change.what}`,
    open: () => Sandbox.deploy(change.assembly(BEFORE)),
    actor: () => workerActor('authority'),
    work: async (sandbox) => {
      await sandbox.update(change.assembly(AFTER));
    },
    run: (sandbox, actor, cell) => changeUnderFault(change, sandbox, actor, cell),
    isRepeatable: true,
    concerns: change.concerns,
  }),
);

const [BEFORE, AFTER] = [1825, 1835];

async function changeUnderFault(
  { assembly }: Change,
  sandbox: Sandbox,
  actor: Actor,
  { site, fault }: Cell,
): Promise<void> {
  await sandbox.update(assembly(BEFORE));
  const held = await Promise.all(sandbox.clients.map(({ name }) => sandbox.clientSecret(name)));
  const before = await keptCertificates(sandbox);
  const assertNobodyHarmed = async () => {
    await assertIssued(sandbox);
    for (const secret of held) await assertServed(sandbox, secret.clientName, [secret]);
  };
  const siteFault = new SiteFault(sandbox, actor, site, fault);
  try {
    await sandbox.update(assembly(AFTER)).catch(async (error) => {
      assertExplained(error);
      await assertOneCertificateEach(sandbox);
      const isRestored = isDeepStrictEqual(await keptCertificates(sandbox), before);
      assertHolds(isRestored, 'the rollback restores the certificates of before');
      await assertNobodyHarmed();
      await sandbox.update(assembly(AFTER));
    });
    await assertOneCertificateEach(sandbox);
    // A write that lands minutes after its function was stopped brings another certificate of the same key and name.
    await siteFault.end();
    await assertNobodyHarmed();
  } finally {
    siteFault.remove();
  }
}

/** How often the update itself calls an operation: it looks before and after it has put the certificate. */
const CALLS_OF_UPDATE = { GetParameterHistory: 2, PutParameter: 1 } as const;

/** What happens to a call of the rollback. */
const ROLLBACK_FAULTS = [
  ['GetParameterHistory', 'failed-before'],
  ['GetParameterHistory', 'killed'],
  ['PutParameter', 'throttled'],
  ['PutParameter', 'failed-after'],
  ['PutParameter', 'killed'],
] as const satisfies [keyof typeof CALLS_OF_UPDATE, CallFaultKind][];

test.each(ROLLBACK_FAULTS)(
  'a rollback to the validity of before ends although its %s is %s',
  async (operation, fault) => {
    const sandbox = await deployed(CLIENTS, { kind: 'kmsRoot', validityDays: BEFORE });
    try {
      const held = await sandbox.clientSecret(CLIENT);
      const before = await keptCertificates(sandbox);
      let calls = 0;
      const match = ({ principal }: FaultyCall) =>
        principal === roleOf('authority') && ++calls > CALLS_OF_UPDATE[operation];
      const inRollback = sandbox.inject({ service: 'ssm', operation, fault, times: 1, match });
      // The deployment fails after the authority has changed, because a client that is added gets no certificate.
      const isOfClient = ({ principal }: FaultyCall) => principal === roleOf('deployment');
      const slow = { service: 'kms', operation: 'Sign', fault: 'slow', delay: 600_000 } as const;
      const failure = sandbox.inject({ ...slow, match: isOfClient });
      const changed = assemblyWith({ ...CLIENTS, calendar: [] }, { kind: 'kmsRoot', validityDays: AFTER });

      await expect(sandbox.update(changed)).rejects.toThrow('Client-calendar');

      expect([failure.applied, inRollback.applied]).toEqual([1, 1]);
      await assertOneCertificateEach(sandbox);
      expect(await keptCertificates(sandbox)).toEqual(before);
      await assertServed(sandbox, CLIENT, [held]);
      failure.remove();
      await sandbox.update(changed);
      await assertOneCertificateEach(sandbox);
      await assertServed(sandbox, 'calendar', []);
    } finally {
      await sandbox.close();
    }
  },
);
