/** Reads secrets. The `SecretsManager` of the AWS SDK implements it. */
export interface SecretReader {
  getSecretValue(input: { SecretId: string }): Promise<{ SecretString?: string; VersionId?: string }>;
}

/** The `SecretsManagerClient` of the AWS SDK. */
export interface SecretsManagerSender {
  send(command: never): Promise<unknown>;
}

/** A reader that sends the SDK's command. The SDK is loaded on the first reading, since only those who use it have it. */
export function readerOf(secretsManager: SecretReader | SecretsManagerSender): SecretReader {
  if ('getSecretValue' in secretsManager) return secretsManager;
  return {
    async getSecretValue(input) {
      const command = new (await loadCommand())(input);
      return (await secretsManager.send(command as never)) as { SecretString?: string };
    },
  };
}

type Command = new (input: { SecretId: string }) => object;

async function loadCommand(): Promise<Command> {
  // Bundlers leave a package out that isn't there only if the import stands in a `try`.
  try {
    return (await import('@aws-sdk/client-secrets-manager')).GetSecretValueCommand;
  } catch (cause) {
    throw new Error(
      'a SecretsManagerClient needs the package @aws-sdk/client-secrets-manager; or pass a SecretsManager',
      {
        cause,
      },
    );
  }
}
