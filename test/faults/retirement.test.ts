import { deployed, removeAssemblies, workerActor } from './mesh';
import { prove } from './prove';
import { bring, bringUnderFault, CLIENTS } from './rollover';

/** Longer than the validity of the first authority's certificates. */
const VALIDITY = 8 * 24 * 3_600_000;

afterAll(removeAssemblies);

test('an authority is removed, at the latest when repeated, and every client stays served, whichever call fails', () =>
  prove({
    name: 'retire authority (publisher)',
    open: async () => {
      const sandbox = await deployed(CLIENTS);
      await bring(sandbox, 'both');
      await sandbox.advance(VALIDITY);
      return sandbox;
    },
    actor: () => workerActor('publisher'),
    work: (sandbox) => bring(sandbox, 'second'),
    run: (sandbox, actor, cell) => bringUnderFault(sandbox, actor, cell, 'second'),
    isRepeatable: false,
  }));
