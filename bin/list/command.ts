import type { Command } from 'commander';
import { addMeshCommand, type MeshOptions } from '../shared/mesh-command';

export function addListCommand(program: Command, load: () => Pick<typeof import('./list'), 'runList'>): void {
  addMeshCommand(
    program,
    'list',
    'List the clients of a mesh with their current certificates.',
    'one line of JSON for each client',
  ).action((options: MeshOptions) => load().runList(options));
}
