import type { ClientSecret } from '../mesh/client-secret';
import { parseClientSecret } from '../mesh/client-secret';
import type { AwsApi, Caller } from './endpoint/api';

/**
 * Reads a client's secret through the API that clients use, with all permissions.
 * @throws Error if the secret doesn't exist or has no value yet
 */
export async function readClientSecret(
  secretsManager: AwsApi,
  secretId: string,
  caller: Caller,
): Promise<ClientSecret> {
  const answer = await secretsManager.handle({
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: { 'x-amz-target': 'secretsmanager.GetSecretValue', 'content-type': 'application/x-amz-json-1.1' },
    body: Buffer.from(JSON.stringify({ SecretId: secretId })),
    caller,
    authorize: () => {},
  });
  const { SecretString, message }: { readonly SecretString?: string; readonly message?: string } = JSON.parse(
    String(answer.body),
  );
  if (SecretString === undefined) throw new Error(`the secret ${secretId} can't be read: ${message}`);
  return parseClientSecret(SecretString);
}
