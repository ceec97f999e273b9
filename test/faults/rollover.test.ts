import { deployed, removeAssemblies, workerActor } from './mesh';
import { prove } from './prove';
import { bring, bringUnderFault, CLIENTS } from './rollover';

afterAll(removeAssemblies);

test.each(['deployment', 'publisher'] as const)(
  'an authority takes over, at the latest when repeated, and every client stays served, whichever call of the %s fails',
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
