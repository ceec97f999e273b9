import type { Command } from 'commander';
import { addMeshCommand, type ReadOptions } from '../shared/mesh-command';

export function addShowCommand(program: Command, load: () => Pick<typeof import('./show'), 'runShow'>): void {
  addMeshCommand(program, 'show <client>', 'Show a client and all its certificates.')
    .option('--json', 'print one line of JSON')
    .action((client: string, options: ReadOptions) => load().runShow(client, options));
}
