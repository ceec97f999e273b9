import { deployed, removeAssemblies, workerActor } from './mesh';
import { prove } from './prove';
import { bring, bringUnderFault, CLIENTS } from './rollover';

afterAll(removeAssemblies);

test.each(['issuer', 'publisher'] as const)(
  'an authority takes over, at most at the second attempt, and refuses nobody, whichever call of the %s goes wrong',
  (worker) =>
    prove({
      name: `roll over (${worker})`,
      open: () => deployed(CLIENTS),
      actor: () => workerActor(worker),
      work: (sandbox) => bring(sandbox, 'both'),
      run: (sandbox, actor, cell) => bringUnderFault(sandbox, actor, cell, 'both'),
      isRepeatable: false,
    }),
);
