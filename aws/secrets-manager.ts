import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
  type UpdateSecretVersionStageCommandInput,
} from '@aws-sdk/client-secrets-manager';
import type { PutOutcome, SecretStage, SecretStore } from '../lambda/certificate-issuer/secret-store';
import { awsCall, isAwsError } from './aws-error';

/**
 * Secrets Manager. A version's id is the `ClientRequestToken` of the call that made it.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html
 */
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

  async putVersion(
    secretId: string,
    versionId: string,
    stage: SecretStage,
    value: string,
    signal: AbortSignal,
  ): Promise<PutOutcome> {
    const command = new PutSecretValueCommand({
      SecretId: secretId,
      ClientRequestToken: versionId,
      SecretString: value,
      VersionStages: [stage],
    });
    try {
      const { VersionStages = [] } = await awsCall(
        'secretsmanager:PutSecretValue',
        this.client.send(command, { abortSignal: signal }),
      );
      return VersionStages.includes('AWSCURRENT' satisfies SecretStage) ? 'stored as current' : 'stored';
    } catch (error) {
      if (isAwsError(error, 'ResourceExistsException')) return 'taken';
      throw error;
    }
  }

  async findVersion(secretId: string, stage: SecretStage, signal: AbortSignal): Promise<string | undefined> {
    const command = new DescribeSecretCommand({ SecretId: secretId });
    const { VersionIdsToStages = {} } = await awsCall(
      'secretsmanager:DescribeSecret',
      this.client.send(command, { abortSignal: signal }),
    );
    return Object.keys(VersionIdsToStages).find((versionId) => VersionIdsToStages[versionId]?.includes(stage));
  }

  async makeCurrent(
    secretId: string,
    versionId: string,
    instead: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const move = {
      SecretId: secretId,
      VersionStage: 'AWSCURRENT' satisfies SecretStage,
      MoveToVersionId: versionId,
      RemoveFromVersionId: instead,
    };
    try {
      await this.moveStage(move, signal);
      return true;
    } catch (error) {
      // "If the label is attached and … the version ID does not match, then the operation fails":
      // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
      if (isAwsError(error, 'InvalidParameterException')) return false;
      throw error;
    }
  }

  async dropPending(secretId: string, versionId: string, signal: AbortSignal): Promise<void> {
    await this.moveStage(
      { SecretId: secretId, VersionStage: 'AWSPENDING' satisfies SecretStage, RemoveFromVersionId: versionId },
      signal,
    );
  }

  private async moveStage(input: UpdateSecretVersionStageCommandInput, signal: AbortSignal): Promise<void> {
    const sent = this.client.send(new UpdateSecretVersionStageCommand(input), { abortSignal: signal });
    await awsCall('secretsmanager:UpdateSecretVersionStage', sent);
  }
}
