import { type Command, Option } from 'commander';
import { trustDomain } from '../arguments';
import { addAwsOptions } from '../aws-options';

/** Adds the options that say where a command reads the grants from. */
export function addGrantsSourceOptions(command: Command): Command {
  command
    .addOption(
      new Option('--mesh <trust-domain>', 'SPIFFE trust domain of a deployed mesh')
        .env('MTLS_MESH')
        .argParser(trustDomain),
    )
    .option('--app <dir>', 'cdk.out directory of a synthesized app, instead of a deployed mesh');
  return addAwsOptions(command);
}
