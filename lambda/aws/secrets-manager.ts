import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { SecretStore } from '../certificate-issuer/client-certificate';
import { awsCall, isAwsError } from './aws-call';

/** Secrets Manager. A version's id is the `ClientRequestToken` of the call that made it. */
export class SecretsManager implements SecretStore {
  constructor(private readonly client: Pick<SecretsManagerClient, 'send'>) {}

  async getVersion(secretId: string, versionId: string, signal: AbortSignal): Promise<string | undefined> {
    const command = new GetSecretValueCommand({ SecretId: secretId, VersionId: versionId });
    try {
      const { SecretString } = await awsCall(
        'secretsmanager:GetSecretValue',
        this.client.send(command, { abortSignal: signal }),
      );
      return SecretString;
    } catch (error) {
      if (isAwsError(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  }

  async putCurrentVersion(secretId: string, versionId: string, value: string, signal: AbortSignal): Promise<boolean> {
    const command = new PutSecretValueCommand({
      SecretId: secretId,
      ClientRequestToken: versionId,
      SecretString: value,
    });
    try {
      await awsCall('secretsmanager:PutSecretValue', this.client.send(command, { abortSignal: signal }));
      return true;
    } catch (error) {
      if (isAwsError(error, 'ResourceExistsException')) return false;
      throw error;
    }
  }
}
