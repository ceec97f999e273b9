import type { Command } from 'commander';
import { addMeshCommand, type MeshOptions } from '../shared/mesh-command';

export function addDisableCommand(program: Command, load: () => Pick<typeof import('./disable'), 'runDisable'>): void {
  addMeshCommand(program, 'disable <client>', 'Refuse every certificate of a client, and stop its rotation.').action(
    (client: string, options: MeshOptions) => load().runDisable(client, options),
  );
}
