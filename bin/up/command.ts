import { type Command, InvalidArgumentError } from 'commander';
import type { UpOptions } from './up';

/** Adds the command that runs a mesh in the sandbox. */
export function addUpCommand(program: Command, load: () => Pick<typeof import('./up'), 'runUp'>): void {
  program
    .command('up')
    .description('Run the mesh of a CDK app on this machine until Ctrl-C, and print commands to try.')
    .option('--app <cdk.out|command>', 'synthesized app, or command that synthesizes it (default: from cdk.json)')
    .option('--stack <name>', 'stack to deploy (default: the only one)')
    .option('--out <dir>', 'directory for certificates and keys', 'mtls-mesh.out')
    .option('--port <n>', 'port of the gateway on 127.0.0.1 (default: a free one)', port)
    .option('--json', 'print one line of JSON when the mesh is up')
    .action((options: UpOptions) => load().runUp(options));
}

function port(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > 65535) {
    throw new InvalidArgumentError('must be a number from 1 to 65535');
  }
  return number;
}
