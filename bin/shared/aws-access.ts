import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AwsConnection, configuredEndpoint } from '../../aws/connection';
import { failureSentence } from '../../aws/failure';

/** The command has no credentials or no Region. */
export class AwsAccessError extends Error {
  override readonly name = 'AwsAccessError';
}

/**
 * How a command reaches AWS. Absent fields come from the sources of the AWS SDKs: environment variables, shared
 * configuration files and roles.
 */
export interface AwsAccess {
  readonly endpoint?: string;
  readonly region?: string | undefined;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Timeouts of the SDK clients. Milliseconds. */
export const SDK_SETTINGS = { requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000 } };

/** The connection of a command. Its `signer` throws AwsAccessError. */
export function commandConnection(access: AwsAccess = {}): AwsConnection {
  // Suppresses a warning that an operator can't act on: future releases of the SDK need a later Node.js.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  // The client makes no call. It resolves and caches credentials and Region as every SDK client does.
  const { region, ...others } = access;
  const { config } = new SecretsManagerClient({ ...others, ...(region && { region }) });
  return {
    signer: async () => ({
      ...(await found(config.credentials(), 'found no AWS credentials', 'use --profile, or run `aws configure`')),
      region: await found(config.region(), 'found no AWS Region', 'use --region, or set AWS_REGION'),
    }),
    endpoint: (variable) => access.endpoint ?? configuredEndpoint(variable, process.env),
  };
}

/** An empty value, such as that of a variable, is none. */
async function found<T>(value: Promise<T>, problem: string, remedy: string): Promise<T> {
  try {
    const result = await value;
    if (result === '') throw new Error('the value is empty');
    return result;
  } catch (cause) {
    throw new AwsAccessError(`${problem}: ${remedy} (${failureSentence(cause)})`, { cause });
  }
}
