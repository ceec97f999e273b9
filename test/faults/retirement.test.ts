import { deployed, removeAssemblies, workerActor } from './mesh';
import { prove } from './prove';
import { bring, bringUnderFault, CLIENTS } from './rollover';

/** Longer than certificates of the first authority live. */
const VALIDITY = 8 * 24 * 3_600_000;

afterAll(removeAssemblies);

test('an authority leaves, at most at the second attempt, and refuses nobody, whichever call goes wrong', () =>
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
