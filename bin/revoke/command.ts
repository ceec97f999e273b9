import { type Command, Option } from 'commander';
import { REVOCATION_REASONS } from '../../mesh/contract';
import { addMeshCommand } from '../shared/mesh-command';
import type { RevokeOptions } from './revoke';

export function addRevokeCommand(program: Command, load: () => Pick<typeof import('./revoke'), 'runRevoke'>): void {
  addMeshCommand(program, 'revoke <client>', 'Revoke certificates of a client. The mesh refuses them within seconds.')
    .addOption(selector('--all', 'revoke every certificate of the client'))
    .addOption(
      selector(
        '--serial-number <hex>',
        'revoke the certificate with this serial number, all of its digits, with or without colons',
      ),
    )
    .option('--issuer <dn>', 'issuer of the serial number, as `show` prints it')
    .addOption(selector('--secret-version <id>', 'revoke the certificate in this version of the secret'))
    .addOption(
      new Option('--reason <reason>', 'reason for the revocation (RFC 5280)')
        .choices(REVOCATION_REASONS)
        .makeOptionMandatory(),
    )
    .option('--rotate', 'issue another certificate afterwards')
    .option('--yes', 'do not ask before --all on a terminal')
    .action((client: string, options: RevokeOptions) => load().runRevoke(client, options));
}

const SELECTORS = ['all', 'serialNumber', 'secretVersion'];

/** An option that selects certificates. The selectors exclude each other. */
function selector(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.conflicts(SELECTORS.filter((name) => name !== option.attributeName()));
}
