import { type Command, InvalidArgumentError, Option } from 'commander';
import { clientNameProblem } from '../mesh/names';
import { KEY_ALGORITHMS } from '../pki/keys';
import type { RequestOptions } from './request/request';

const NOTES = `
The directory is a link to one beside it, which is replaced as a whole: a program that opens the files below it, also while
this command runs or after it was killed, finds a key with its own certificate. The key is made here and sent nowhere.

Credentials come from where the AWS SDKs find them. Whoever they belong to must have been granted the client by
client.grantRequest().

Exit codes:
  0  done
  1  not done`;

/** Adds the command by which a client that keeps its own key gets a certificate for it. */
export function addRequestCommand(program: Command): void {
  program
    .command('request')
    .description('makes a key that stays here, and has the issuer of a mesh certify it')
    .addOption(new Option('--client <name>', 'the client to act as').argParser(clientName).makeOptionMandatory())
    .addOption(
      new Option('--url <url>', "the issuer's URL, `mesh.issuer.requestUrl`")
        .env('MTLS_MESH_REQUEST_URL')
        .argParser(requestUrl)
        .makeOptionMandatory(),
    )
    .option('--out <dir>', 'directory for key.pem, certificate.pem and chain.pem (default: the name of the client)')
    .addOption(
      new Option('--key-algorithm <algorithm>', "that of the client's keys")
        .choices(KEY_ALGORITHMS)
        .default('EC_prime256v1'),
    )
    .addHelpText('after', NOTES)
    .action((options: RequestOptions) => {
      // A bundle of its own: what makes and reads certificates takes its time to load.
      const { request } = require('./request/request') as typeof import('./request/request');
      return request(options);
    });
}

function clientName(text: string): string {
  const rule = clientNameProblem(text);
  if (rule !== undefined) throw new InvalidArgumentError(rule);
  return text;
}

const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

/** Without TLS anybody on the way could answer; a sandbox is on this machine. */
function requestUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.includes(url.hostname));
  if (url === undefined || !isSafe || url.username !== '' || url.password !== '') {
    throw new InvalidArgumentError('must be an https URL, such as https://<id>.lambda-url.<region>.on.aws/');
  }
  return url;
}
