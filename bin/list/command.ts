import type { Command } from 'commander';
import { addMeshCommand, type ReadOptions } from '../shared/mesh-command';

export function addListCommand(program: Command, load: () => Pick<typeof import('./list'), 'runList'>): void {
  addMeshCommand(program, 'list', 'List the clients of a mesh with their current certificates.')
    .option('--json', 'print one line of JSON for each client')
    .action((options: ReadOptions) => load().runList(options));
}
