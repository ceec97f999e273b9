import type { Command } from 'commander';
import { addMeshCommand, type MeshOptions } from '../shared/mesh-command';

export function addShowCommand(program: Command, load: () => Pick<typeof import('./show'), 'runShow'>): void {
  addMeshCommand(program, 'show <client>', 'Show a client and all its certificates.').action(
    (client: string, options: MeshOptions) => load().runShow(client, options),
  );
}
