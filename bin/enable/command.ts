import type { Command } from 'commander';
import { addMeshCommand, type MeshOptions } from '../shared/mesh-command';

export function addEnableCommand(program: Command, load: () => Pick<typeof import('./enable'), 'runEnable'>): void {
  addMeshCommand(program, 'enable <client>', 'Let a disabled client in again.').action(
    (client: string, options: MeshOptions) => load().runEnable(client, options),
  );
}
