import { type Command, InvalidArgumentError, Option } from 'commander';
import { REVOCATION_REASONS } from '../mesh/contract';
import { trustDomainProblem } from '../mesh/names';
import type { ReadOptions, RevokeOptions, WriteOptions } from './operator/commands';

const EXIT_CODES = `
Exit codes:
  0  done, or it was so already
  1  not done; run it again once the reason is gone
  2  the mesh acts on it within seconds, but not all has followed: authority, event or rotation`;

const SELECTORS = ['all', 'serialNumber', 'secretVersion'] as const;

/** Adds the commands that work on a deployed mesh, in AWS or in a sandbox. */
export function addOperatorCommands(program: Command): void {
  const command = (nameAndArguments: string, description: string) =>
    program
      .command(nameAndArguments)
      .description(description)
      .addOption(
        new Option('--mesh <trust-domain>', 'the mesh, by its SPIFFE trust domain')
          .env('MTLS_MESH')
          .argParser(trustDomain)
          .makeOptionMandatory(),
      )
      .addHelpText('after', EXIT_CODES);

  command('list', 'lists the clients of a mesh with their current certificates')
    .option('--json', 'print one line of JSON a client')
    .action((options: ReadOptions) => commands().list(options));

  command('show <client>', 'shows a client and all its certificates')
    .option('--json', 'print one line of JSON')
    .action((client: string, options: ReadOptions) => commands().show(client, options));

  command('revoke <client>', 'revokes certificates of a client; the mesh refuses them within seconds')
    .addOption(selector('--all', 'all that are still accepted'))
    .addOption(selector('--serial-number <hex>', 'the one with this serial number'))
    .option('--issuer <dn>', 'with --serial-number: of this issuer, as `show` prints it')
    .addOption(selector('--secret-version <id>', 'the one in this version of the secret'))
    .addOption(new Option('--reason <reason>', 'why, as in RFC 5280').choices(REVOCATION_REASONS).makeOptionMandatory())
    .option('--rotate', 'have another certificate issued')
    .action((client: string, options: RevokeOptions) => commands().revoke(client, options));

  command('disable <client>', 'has the mesh refuse a client, whatever its certificate, and no longer rotate it').action(
    (client: string, options: WriteOptions) => commands().setState(client, 'DISABLED', options),
  );

  command('enable <client>', 'ends what `disable` began').action((client: string, options: WriteOptions) =>
    commands().setState(client, 'ENABLED', options),
  );

  command('rotate <client>', 'has another certificate issued for a client and waits until it is current').action(
    (client: string, options: WriteOptions) => commands().rotate(client, options),
  );
}

/** A bundle of its own: the AWS clients take their time to load, which `--help` need not spend. */
function commands(): typeof import('./operator/commands') {
  return require('./operator/commands');
}

function trustDomain(text: string): string {
  const rule = trustDomainProblem(text);
  if (rule !== undefined) throw new InvalidArgumentError(rule);
  return text;
}

/** One of the options that say which certificates; they exclude each other. */
function selector(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.conflicts(SELECTORS.filter((name) => name !== option.attributeName()));
}
