import { Command, InvalidArgumentError } from 'commander';
import { failureSentence } from '../aws/failure';
import { version } from '../package.json';
import { addOperatorCommands } from './operator-commands';
import { addRequestCommand } from './request-command';
import type { UpOptions } from './up';

function port(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > 65535) {
    throw new InvalidArgumentError('must be a number from 1 to 65535');
  }
  return number;
}

const program = new Command('mtls-mesh')
  .description('Runs mutual TLS service meshes without an AWS account, and operates those that are deployed')
  .version(version);

program
  .command('up')
  .description('keeps the mesh of a CDK app up on loopback until Ctrl-C, and prints commands to try')
  .option('--app <cdk.out|command>', 'a synthesized app, or the command that synthesizes it (default: from cdk.json)')
  .option('--stack <name>', 'the stack to deploy (default: the only one)')
  .option('--out <dir>', 'directory for certificates and keys', 'mtls-mesh.out')
  .option('--port <n>', 'port of the gateway on 127.0.0.1 (default: any that is free)', port)
  .option('--json', 'print one line of JSON when everything is up')
  .action((options: UpOptions) => {
    // A bundle of its own: the sandbox takes its time to load, which no other command need spend.
    const { up } = require('./up') as typeof import('./up');
    return up(options);
  });

addOperatorCommands(program);
addRequestCommand(program);

program
  .parseAsync()
  .catch((error: unknown) => {
    console.error(`error: ${failureSentence(error)}`);
    process.exitCode = 1;
  })
  // An SDK client would hold the process for the rest of its time limits, once all is said.
  .finally(() => process.stdout.write('', () => process.exit()));
