/** How the command reaches AWS. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AwsConnection, configuredEndpoint } from '../aws/connection';
import { failureSentence } from '../aws/failure';

/** The command has no credentials or no Region. */
export class AwsAccessError extends Error {
  override readonly name = 'AwsAccessError';
}

/**
 * Endpoint, Region and credentials. Absent fields come from the SDK's usual sources: environment variables (with
 * `AWS_ENDPOINT_URL` those of a sandbox), shared configuration files and roles.
 */
export interface AwsAccess {
  readonly endpoint?: string;
  readonly region?: string | undefined;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** The command waits neither for an endpoint that is out of reach nor for a call that hangs. Milliseconds. */
export const SDK_SETTINGS = { requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000 } };

/** The connection of the command. Its `signer` throws AwsAccessError. */
export function commandConnection(access: AwsAccess = {}): AwsConnection {
  // An operator can't act on the warning that a later release of the bundled clients needs a later Node.js.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  // The client makes no call. It resolves credentials and Region as every SDK client does, and remembers them.
  const { region, ...others } = access;
  const { config } = new SecretsManagerClient({ ...others, ...(region && { region }) });
  return {
    signer: async () => ({
      ...(await found(config.credentials(), 'there are no AWS credentials')),
      region: await found(config.region(), 'there is no AWS Region, set AWS_REGION'),
    }),
    endpoint: (variable) => access.endpoint ?? configuredEndpoint(variable, process.env),
  };
}

async function found<T>(value: Promise<T>, problem: string): Promise<T> {
  try {
    return await value;
  } catch (cause) {
    throw new AwsAccessError(`${problem}: ${failureSentence(cause)}`, { cause });
  }
}
