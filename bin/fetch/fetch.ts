import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { isAwsError, sdkCall } from '../../aws/aws-error';
import { type ClientSecret, ClientSecretError, parseClientSecret, verifyClientSecret } from '../../mesh/client-secret';
import { secretName } from '../../mesh/names';
import { type AwsAccess, SDK_SETTINGS } from '../shared/aws-access';
import { clientFileNames } from '../shared/client-files/contents';
import { ClientDirectory } from '../shared/client-files/directory';
import { type FileOptions, fileSettings } from '../shared/client-files/options';
import { storeClient } from '../shared/client-files/store';
import { UsageError } from '../shared/exit-codes';

export interface FetchOptions extends FileOptions {
  /** The client's name. */
  readonly client: string;
  /** The mesh's trust domain. */
  readonly mesh?: string;
  /** Name or ARN. @default - the name that the mesh gives to the client's secret */
  readonly secret?: string;
  /** @default - the client's name */
  readonly out?: string;
  readonly json?: true;
}

/** The secret has nothing that the client can use. */
class UnusableSecretError extends Error {
  override readonly name = 'UnusableSecretError';
}

/** Writes the certificate in a client's secret to files. */
export async function runFetch(options: FetchOptions): Promise<void> {
  const { client, out = client } = options;
  const secretId = options.secret ?? nameOfSecret(options);
  const { selection, access } = fileSettings(options);
  const directory = new ClientDirectory(out, access);
  await directory.prepare(clientFileNames(selection));
  const secret = await readSecret(secretId, client);
  await storeClient(secret, { directory, path: out, selection, json: options.json });
}

function nameOfSecret({ mesh, client }: FetchOptions): string {
  if (mesh !== undefined) return secretName(mesh, client);
  throw new UsageError('the secret is not known: use --mesh or --secret, or set MTLS_MESH');
}

/** @throws UnusableSecretError, AwsCallError */
async function readSecret(secretId: string, client: string, access: AwsAccess = {}): Promise<ClientSecret> {
  const secretsManager = new SecretsManagerClient({ ...SDK_SETTINGS, ...access });
  const command = new GetSecretValueCommand({ SecretId: secretId });
  try {
    const { SecretString } = await sdkCall('secretsmanager:GetSecretValue', secretsManager.send(command));
    const secret = parseClientSecret(SecretString ?? '');
    verifyClientSecret(secret, new Date());
    if (secret.clientName === client) return secret;
    throw new ClientSecretError(`it is the secret of ${JSON.stringify(secret.clientName)}`);
  } catch (cause) {
    if (cause instanceof ClientSecretError) {
      throw new UnusableSecretError(`${client} can't use the secret ${secretId}: ${cause.message}`, { cause });
    }
    if (!isAwsError(cause, 'ResourceNotFoundException')) throw cause;
    const remedy = 'check --mesh and --region; a client that keeps its own key has none, use `mtls-mesh request`';
    throw new UnusableSecretError(`there is no secret ${secretId} with a value: ${remedy}`, { cause });
  }
}
