import { type Command, Option } from 'commander';
import { clientName, trustDomain } from '../shared/arguments';
import { s3Object } from '../shared/client-files/options';
import { EXIT_CODES_HELP } from '../shared/exit-codes';
import { type ConfigOptions, SIDES } from './config';

const NOTES = `
The configurations and programs are those of examples/programs in the package,
which its tests run, with your values. They read the files that \`mtls-mesh
agent\` writes. A server also needs a certificate of its own, in
/etc/mtls-mesh/server: the mesh issues certificates for clients only.`;

/** Adds the command that prints configurations of servers and clients. */
export function addConfigCommand(program: Command, load: () => Pick<typeof import('./config'), 'runConfig'>): void {
  program
    .command('config')
    .description('Print a configuration of a program, such as nginx, that works with the mesh.')
    .argument('<program>', 'such as nginx, apache, envoy, java, tomcat, node, python, or curl')
    .addOption(new Option('--client <name>', 'name of the client').argParser(clientName).makeOptionMandatory())
    .addOption(
      new Option('--mesh <trust-domain>', 'SPIFFE trust domain of the mesh')
        .env('MTLS_MESH')
        .argParser(trustDomain)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--side <side>', 'side of the connection (default: both)').choices(SIDES))
    .option(
      '--allow <client>',
      'client that a server admits, if its configuration names them; repeat it for more',
      callers,
    )
    .option('--files <dir>', "directory of the client's files (default: /etc/mtls-mesh/<client>)")
    .addOption(
      new Option(
        '--crl <s3-url>',
        "object with crl.pem, for servers that use it (default: they do if the client's files have it)",
      ).argParser(s3Object('crl.pem')),
    )
    .option('--out <dir>', 'write the files to a directory instead, without replacing others')
    .addHelpText('after', `${NOTES}\n${EXIT_CODES_HELP}`)
    .action((name: string, options: ConfigOptions) => load().runConfig(name, options));
}

function callers(text: string, others: readonly string[] = []): readonly string[] {
  return [...others, clientName(text)];
}
