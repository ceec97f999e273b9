import { type Command, Option } from 'commander';
import { clientName, destination, httpsUrl, trustDomain } from '../shared/arguments';
import { addAwsOptions } from '../shared/aws-options';
import { s3Object } from '../shared/client-files/options';
import type { DoctorOptions } from './doctor';

const NOTES = `
The command goes step by step, and stops at the first thing that is wrong: name,
port, TLS, the server's certificate, the client's certificate, what the server
asks for, the registry, the grants, the truststore, with --crl the revocation
lists, and the answer. It sends one GET request with the certificate of the
client. What the credentials may not read is not checked.

MTLS_MESH_CONNECT_TO and MTLS_MESH_CA_FILE, which \`mtls-mesh up\` prints, lead to
a sandbox.

Exit codes:
  0   The service answers.
  1   The command failed.
  10  Network: name, port, or no answer.
  11  Server: TLS version, certificate, no request for a client certificate.
  12  The client's certificate or key, or the clock.
  13  The gateway refuses the client.
  14  The gateway throttles requests.
  15  The service answers with an error.
  64  The command line is wrong. Nothing was done.`;

/** Adds the command that finds out why a call fails. */
export function addDoctorCommand(program: Command, load: () => Pick<typeof import('./doctor'), 'runDoctor'>): void {
  const command = program
    .command('doctor')
    .description("Find out why a client can't call a service.")
    .argument('<url>', 'https URL of the service', (text) => new URL(httpsUrl(text)))
    .addOption(new Option('--client <name>', 'name of the client').argParser(clientName).makeOptionMandatory())
    .addOption(
      new Option('--mesh <trust-domain>', 'SPIFFE trust domain of the mesh').env('MTLS_MESH').argParser(trustDomain),
    )
    .option('--secret <name|arn>', 'secret of the client (default: the one that the mesh creates)')
    .option('--files <dir>', 'directory with the PEM files of the client, instead of the secret')
    .addOption(
      new Option('--crl <s3-url>', 'object with crl.pem, if the server refuses revoked clients by it').argParser(
        s3Object('crl.pem'),
      ),
    )
    .addOption(new Option('--connect-to <host:port>', 'address to connect to').argParser(destination))
    .option('--ca <file>', "PEM file of the authorities that may have issued the server's certificate")
    .option('--json', 'print one line of JSON')
    .addHelpText('after', NOTES)
    .action((url: URL, options: DoctorOptions) => load().runDoctor(url, options));
  addAwsOptions(command);
}
