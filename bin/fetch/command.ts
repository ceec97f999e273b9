import { type Command, Option } from 'commander';
import { clientName, trustDomain } from '../shared/arguments';
import { addAwsOptions } from '../shared/aws-options';
import { addFileOptions, addPublishedOptions } from '../shared/client-files/options';
import { EXIT_CODES_HELP } from '../shared/exit-codes';
import type { FetchOptions } from './fetch';

const NOTES = `
Formats:
  pem  certificate.pem, chain.pem (the authorities), fullchain.pem (both),
       private-key.pem, bundle.pem (all three in one file), and client-ca.pem
       (the authorities that servers must trust to admit clients of the mesh)
  p12  keystore.p12, for Java, browsers, and Windows
With --crl, also crl.pem: the revocation lists of the authorities in
client-ca.pem. They never take the place of newer ones.

All files are replaced at once. Only bundle.pem and keystore.p12 are safe for
programs that read while they are replaced: others can get the key of one
certificate and the next certificate. They must compare the two, or read after
the command has ended.

The credentials need permission to read the secret: client.grantRead(), and the
revocation lists: mesh.revocationLists.grantRead().`;

/** Adds the command that writes the secret of a client to files. */
export function addFetchCommand(program: Command, load: () => Pick<typeof import('./fetch'), 'runFetch'>): void {
  const command = program
    .command('fetch')
    .description("Write a client's certificate and key from its secret to files.")
    .addOption(new Option('--client <name>', 'name of the client').argParser(clientName).makeOptionMandatory())
    .addOption(
      new Option('--mesh <trust-domain>', 'SPIFFE trust domain of the mesh').env('MTLS_MESH').argParser(trustDomain),
    )
    .option('--secret <name|arn>', 'secret of the client (default: the one that the mesh creates)')
    .option('--out <dir>', 'directory for the files (default: the name of the client)')
    .option('--json', 'print one line of JSON')
    .addHelpText('after', `${NOTES}\n${EXIT_CODES_HELP}`)
    .action((options: FetchOptions) => load().runFetch(options));
  addFileOptions(command);
  addPublishedOptions(command);
  addAwsOptions(command);
}
