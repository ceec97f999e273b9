import type { Command } from 'commander';
import { addMeshCommand, type MeshOptions } from '../shared/mesh-command';

export function addRotateCommand(program: Command, load: () => Pick<typeof import('./rotate'), 'runRotate'>): void {
  addMeshCommand(
    program,
    'rotate <client>',
    'Issue another certificate for a client and wait until it is current.',
  ).action((client: string, options: MeshOptions) => load().runRotate(client, options));
}
