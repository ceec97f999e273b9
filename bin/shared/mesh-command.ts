import { type Command, Option } from 'commander';
import { trustDomain } from './arguments';
import { addAwsOptions } from './aws-options';
import { OPERATION_EXIT_CODES_HELP } from './exit-codes';

/** The options of every command that operates a deployed mesh. */
export interface MeshOptions {
  /** The mesh's trust domain. */
  readonly mesh: string;
  /** Print JSON, as `docs/mtls-mesh-output.schema.json` describes it. */
  readonly json?: true;
}

/**
 * Adds a command that operates a deployed mesh, in AWS or in a sandbox.
 * @param json what `--json` prints
 */
export function addMeshCommand(
  program: Command,
  nameAndArguments: string,
  description: string,
  json = 'one line of JSON',
): Command {
  const command = program
    .command(nameAndArguments)
    .description(description)
    .addOption(
      new Option('--mesh <trust-domain>', 'SPIFFE trust domain of the mesh')
        .env('MTLS_MESH')
        .argParser(trustDomain)
        .makeOptionMandatory(),
    )
    .option('--json', `print ${json}`)
    .addHelpText('after', OPERATION_EXIT_CODES_HELP);
  return addAwsOptions(command);
}
