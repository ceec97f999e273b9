import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { isAwsError, sdkCall } from '../../aws/aws-error';
import { type ClientSecret, ClientSecretError, parseClientSecret, verifyClientSecret } from '../../mesh/client-secret';

/** The secret has nothing that the client can use. */
class UnusableSecretError extends Error {
  override readonly name = 'UnusableSecretError';
}

/**
 * The current certificate and key of a client.
 * @param secretId name or ARN
 * @throws UnusableSecretError, AwsCallError
 */
export async function readClientSecret(
  secretsManager: SecretsManagerClient,
  secretId: string,
  client: string,
  signal?: AbortSignal,
): Promise<ClientSecret> {
  const command = new GetSecretValueCommand({ SecretId: secretId });
  try {
    const { SecretString } = await sdkCall(
      'secretsmanager:GetSecretValue',
      secretsManager.send(command, { abortSignal: signal }),
    );
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

/** When Secrets Manager rotates the secret next. Undefined if it doesn't, or the credentials may not see it. */
export async function nextRotationOf(
  secretsManager: SecretsManagerClient,
  secretId: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const command = new DescribeSecretCommand({ SecretId: secretId });
  const described = await secretsManager.send(command, { abortSignal: signal }).catch(() => undefined);
  return described?.NextRotationDate?.getTime();
}
