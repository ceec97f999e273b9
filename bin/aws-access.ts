/** How the command reaches AWS. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AwsConnection, configuredEndpoint } from '../aws/connection';

/**
 * Endpoint, Region and credentials. Absent fields come from the SDK's usual sources: environment variables (with
 * `AWS_ENDPOINT_URL` those of a sandbox), shared configuration files and roles.
 */
export interface AwsAccess {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** The command waits neither for an endpoint that is out of reach nor for a call that hangs. Milliseconds. */
export const SDK_SETTINGS = { requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000 } };

export function commandConnection(access: AwsAccess = {}): AwsConnection {
  // An operator can't act on the warning that a later release of the bundled clients needs a later Node.js.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  // The client makes no call. It resolves credentials and Region as every SDK client does, and remembers them.
  const { config } = new SecretsManagerClient({ ...access });
  return {
    signer: async () => ({ ...(await config.credentials()), region: await config.region() }),
    endpoint: (variable) => access.endpoint ?? configuredEndpoint(variable, process.env),
  };
}
