import { type Command, InvalidArgumentError, Option } from 'commander';
import { clientName, destination, httpsUrl, requestUrl, trustDomain } from '../shared/arguments';
import { addAwsOptions } from '../shared/aws-options';
import { addFileOptions, addPublishedOptions } from '../shared/client-files/options';
import { EXIT_CODES_HELP } from '../shared/exit-codes';
import type { AgentOptions } from './agent';
import { LOG_FORMATS } from './log';

const NOTES = `
The agent writes the files as \`mtls-mesh fetch\` does, and replaces them when the
secret has another certificate. While Secrets Manager doesn't answer, the files
stay as they are, and the log says until when they are good.

With --crl, the agent looks for other revocation lists every 15 seconds.

The reload command runs once after each change, in the shell, for at most 30
seconds. MTLS_MESH_CLIENT and MTLS_MESH_DIRECTORY name the client and its
directory. A command that fails is repeated, also after a restart of the agent.

SIGHUP makes the agent look at once. SIGTERM and SIGINT end it.`;

/** Adds the command that keeps the files of clients current. */
export function addAgentCommand(program: Command, load: () => Pick<typeof import('./agent'), 'runAgent'>): void {
  const command = program
    .command('agent')
    .description('Keep the certificates and keys of clients in files, and follow their rotation.')
    .addOption(
      new Option('--client <name[=dir]>', 'client, and directory for its files (default: its name); repeat it for more')
        .argParser(client)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--mesh <trust-domain>', 'SPIFFE trust domain of the mesh').env('MTLS_MESH').argParser(trustDomain),
    )
    .addOption(
      new Option(
        '--url <url>',
        'for clients that keep their own key: URL of the issuer, `mesh.issuer.requestUrl`',
      ).argParser(requestUrl),
    )
    .option('--reload <command>', 'command to run after a change, such as `nginx -s reload`')
    .addOption(
      new Option('--probe <url>', 'service to call every 15 seconds; a refusal makes the agent look at once').argParser(
        httpsUrl,
      ),
    )
    .addOption(new Option('--interval <seconds>', 'time between looks').argParser(seconds).default(300, '300'))
    .option('--once', 'look once and end, for example in cron or an init container')
    .addOption(
      new Option('--listen <host:port>', 'address for /health and /metrics, such as 127.0.0.1:9099').argParser(
        destination,
      ),
    )
    .addOption(new Option('--log-format <format>', 'format of the log').choices(LOG_FORMATS).default('text'))
    .addHelpText('after', `${NOTES}\n${EXIT_CODES_HELP}`)
    .action((options: AgentOptions) => load().runAgent(options));
  addFileOptions(command);
  addPublishedOptions(command);
  addAwsOptions(command);
}

function client(text: string, others: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const [, name = '', directory = name] = /^([^=]*)(?:=(.+))?$/s.exec(text) ?? [];
  clientName(name);
  if (others.has(name)) throw new InvalidArgumentError(`must name ${name} once`);
  if ([...others.values()].includes(directory)) throw new InvalidArgumentError('must have a directory of its own');
  return new Map([...others, [name, directory]]);
}

function seconds(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > 86_400) {
    throw new InvalidArgumentError('must be a number of seconds from 1 to 86400');
  }
  return number;
}
