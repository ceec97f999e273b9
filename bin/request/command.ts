import { type Command, Option } from 'commander';
import { KEY_ALGORITHMS } from '../../pki/keys';
import { clientName, requestUrl } from '../shared/arguments';
import { addAwsOptions } from '../shared/aws-options';
import { addFileOptions, addPublishedOptions } from '../shared/client-files/options';
import { EXIT_CODES_HELP } from '../shared/exit-codes';
import type { RequestOptions } from './request';

const NOTES = `
The private key is generated on this machine and never leaves it.

The command uses the AWS credentials that the AWS SDKs find. Their principal
needs a grant for the client: client.grantRequest().`;

/** Adds the command with which a client that keeps its own key gets a certificate. */
export function addRequestCommand(program: Command, load: () => Pick<typeof import('./request'), 'runRequest'>): void {
  const command = program
    .command('request')
    .description('Generate a private key on this machine and request a certificate for it.')
    .addOption(new Option('--client <name>', 'name of the client').argParser(clientName).makeOptionMandatory())
    .addOption(
      new Option('--url <url>', 'URL of the issuer, `mesh.issuer.requestUrl`')
        .env('MTLS_MESH_REQUEST_URL')
        .argParser(requestUrl)
        .makeOptionMandatory(),
    )
    .option('--out <dir>', 'directory for the files (default: the name of the client)')
    .addOption(
      new Option(
        '--key-algorithm <algorithm>',
        "algorithm of the client's keys (default: the one that the issuer accepts)",
      ).choices(KEY_ALGORITHMS),
    )
    .option('--json', 'print one line of JSON')
    .addHelpText('after', `${NOTES}\n${EXIT_CODES_HELP}`)
    .action((options: RequestOptions) => load().runRequest(options));
  addFileOptions(command);
  addPublishedOptions(command);
  addAwsOptions(command);
}
