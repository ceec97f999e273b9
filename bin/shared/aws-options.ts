import type { Command } from 'commander';

interface AwsOptions {
  readonly region?: string;
  readonly profile?: string;
}

/** Adds `--region` and `--profile`, as the AWS CLI has them. */
export function addAwsOptions(command: Command): Command {
  return command
    .option('--region <region>', 'AWS Region (default: as the AWS SDKs find it)')
    .option('--profile <name>', 'profile of the shared AWS configuration files')
    .hook('preAction', (called) => useAwsOptions(called.opts()));
}

/** The AWS SDKs read them from the environment, like every other source of their configuration. */
function useAwsOptions({ region, profile }: AwsOptions): void {
  if (region !== undefined) process.env['AWS_REGION'] = region;
  if (profile !== undefined) process.env['AWS_PROFILE'] = profile;
}
