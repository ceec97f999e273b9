import { type Command, InvalidArgumentError } from 'commander';
import { clientName } from '../shared/arguments';
import { addGrantsSourceOptions } from '../shared/grants/source-options';
import type { CanOptions } from './can';

const NOTES = `
The answer is that of the authorizer's own code for a client with a valid
certificate: the path as the gateway passes it on, and the grants.

Exit codes:
  0   The client may make the request.
  1   The command failed.
  3   The client may not make the request.
  64  The command line is wrong. Nothing was done.`;

/** Adds the command that says whether a client may make a request. */
export function addCanCommand(program: Command, load: () => Pick<typeof import('./can'), 'runCan'>): void {
  const command = program
    .command('can')
    .description('Say whether a client may make a request, and which grant decides.')
    .argument('<client>', 'name of the client', clientName)
    .argument('<method>', 'method, such as POST', method)
    .argument('<path>', 'path from the root of the domain, such as /schedule/events', path)
    .option('--json', 'print one line of JSON')
    .addHelpText('after', NOTES)
    .action((client: string, ofRequest: string, to: string, options: CanOptions) =>
      load().runCan({ client, method: ofRequest, path: to }, options),
    );
  addGrantsSourceOptions(command);
}

function method(text: string): string {
  if (!/^[A-Za-z]+$/.test(text)) throw new InvalidArgumentError('must be a method, such as POST');
  return text.toUpperCase();
}

function path(text: string): string {
  if (!text.startsWith('/')) throw new InvalidArgumentError('must start with a slash');
  return text;
}
