import { type Command, Option } from 'commander';
import { dnsName, port, trustDomain } from '../shared/arguments';
import { addAwsOptions } from '../shared/aws-options';
import { EXIT_CODES_HELP } from '../shared/exit-codes';
import type { ConsoleOptions } from './console';

const NOTES = `
The page shows who calls whom, refusals by reason, and clients with their
certificates. It rotates, revokes, disables, and enables after a question.
Only browsers on this machine reach it, and only with the URL that the command
prints. It makes AWS calls while somebody looks at it.

With the variables that \`mtls-mesh up\` prints, it shows a sandbox.`;

/** Adds the command that serves a page about a mesh. */
export function addConsoleCommand(program: Command, load: () => Pick<typeof import('./console'), 'runConsole'>): void {
  const command = program
    .command('console')
    .description('Show and operate a mesh in a browser on this machine, until Ctrl-C.')
    .addOption(
      new Option('--mesh <trust-domain>', 'SPIFFE trust domain of the mesh')
        .env('MTLS_MESH')
        .argParser(trustDomain)
        .makeOptionMandatory(),
    )
    .option('--domain <name>', 'domain name of the gateway (default: the trust domain)', dnsName)
    .option('--port <n>', 'port of the page on 127.0.0.1 (default: 0, a free one)', port)
    .option('--json', 'print one line of JSON')
    .addHelpText('after', `${NOTES}\n${EXIT_CODES_HELP}`)
    .action((options: ConsoleOptions) => load().runConsole(options));
  addAwsOptions(command);
}
