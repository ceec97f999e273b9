import { type Command, InvalidArgumentError } from 'commander';
import { port } from '../shared/arguments';
import { addFileOptions } from '../shared/client-files/options';
import { EXIT_CODES_HELP } from '../shared/exit-codes';
import type { UpOptions } from './up';

/** Adds the command that runs a mesh in the sandbox. */
export function addUpCommand(program: Command, load: () => Pick<typeof import('./up'), 'runUp'>): void {
  const command = program
    .command('up')
    .description('Run the mesh of a CDK app on this machine until Ctrl-C, and print commands to try.')
    .option('--app <cdk.out|command>', 'synthesized app, or command that synthesizes it (default: from cdk.json)')
    .option('--stack <name>', 'stack to deploy, with those that it depends on (default: all)')
    .option('--out <dir>', 'directory for certificates and keys', 'mtls-mesh.out')
    .option('--port <n>', 'port of the gateway on 127.0.0.1 (default: 0, a free one)', port)
    .option(
      '--target <name=port>',
      'port or URL that answers for a service with an HTTP backend; repeat it for more services',
      target,
    )
    .option(
      '--parameters <name=value>',
      'value of a parameter of a template, or of ssm:NAME, ssm-secure:NAME, or secretsmanager:NAME; repeat it for more',
      parameter,
    )
    .option('--fallback-endpoint <url>', 'another emulator, which answers calls of services that the sandbox lacks')
    .option('--strict', 'fail for resource types and properties that the sandbox does not know')
    .option('--role <role>', 'also print credentials of a role of the stack; repeat it for more roles', roles)
    .option('--watch', 'deploy the app again when its files change, as `cdk watch` does')
    .option('--logs', 'print the logs of all functions and of the gateway, not only those of functions that fail')
    .option('--json', 'print one line of JSON when the mesh is up, and after each change of the app')
    .addHelpText('after', EXIT_CODES_HELP)
    .action((options: UpOptions) => load().runUp(options));
  addFileOptions(command);
}

function target(text: string, others: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const [, name = '', address = ''] = /^([a-z][a-z0-9-]*)=(.+)$/.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('must be the name of a service, an equals sign, and a port or URL');
  if (Object.hasOwn(others, name)) throw new InvalidArgumentError(`must name one target for ${name}`);
  return { ...others, [name]: address };
}

function parameter(text: string, others: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('must be the name of a parameter, an equals sign, and a value');
  if (Object.hasOwn(others, name)) throw new InvalidArgumentError(`must have one value for ${name}`);
  return { ...others, [name]: value };
}

function roles(text: string, others: readonly string[] = []): readonly string[] {
  return [...others, text];
}
