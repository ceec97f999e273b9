import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
  type UpdateSecretVersionStageCommandInput,
} from '@aws-sdk/client-secrets-manager';
import { AwsCallError, isAwsError, sdkCall } from './aws-error';
import { failureSentence } from './failure';

/**
 * A staging label. `DEPLOYMENT` belongs to this package: it marks the version that a deployment put last. Clients don't
 * use it.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version
 */
export type SecretStage = 'AWSCURRENT' | 'AWSPENDING' | 'DEPLOYMENT';

/** A version to add. */
export interface NewVersion {
  readonly secretId: string;
  readonly versionId: string;
  readonly stage: SecretStage;
  readonly value: string;
  /** From the event of the rotation that adds the version. Secrets Manager asks for it if the function acts in another role. */
  readonly rotationToken?: string | undefined;
}

/** `exists`: the version already has another value. */
export type PutVersionResult = 'stored' | 'stored as current' | 'exists';

/**
 * Secrets and their versions. The ID of a version is the `ClientRequestToken` of the call that created it, and its value
 * never changes.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html
 */
export class SecretsManager {
  /** @param clientFor the client that reaches a secret, by the ARN or name of the secret */
  constructor(private readonly clientFor: (secretId: string) => Pick<SecretsManagerClient, 'send'>) {}

  /** The value of a version; undefined when the version does not exist or has no value yet. */
  async getVersion(secretId: string, versionId: string, signal: AbortSignal): Promise<string | undefined> {
    const command = new GetSecretValueCommand({ SecretId: secretId, VersionId: versionId });
    try {
      const { SecretString } = await sdkCall(
        'secretsmanager:GetSecretValue',
        this.clientFor(secretId).send(command, { abortSignal: signal }),
      );
      return SecretString;
    } catch (error) {
      if (isAwsError(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  }

  /**
   * Adds a version with the staging label. The first version of a secret also becomes the current one:
   * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
   */
  async putVersion(
    { secretId, versionId, stage, value, rotationToken }: NewVersion,
    signal: AbortSignal,
  ): Promise<PutVersionResult> {
    const command = new PutSecretValueCommand({
      SecretId: secretId,
      ClientRequestToken: versionId,
      SecretString: value,
      VersionStages: [stage],
    });
    if (rotationToken !== undefined) sendToo(command, { RotationToken: rotationToken });
    try {
      const { VersionStages = [] } = await sdkCall(
        'secretsmanager:PutSecretValue',
        this.clientFor(secretId).send(command, { abortSignal: signal }),
      );
      return VersionStages.includes('AWSCURRENT' satisfies SecretStage) ? 'stored as current' : 'stored';
    } catch (error) {
      if (isAwsError(error, 'ResourceExistsException')) return 'exists';
      throw error;
    }
  }

  /** The complete ARN of a secret. @throws AwsCallError if there is no secret with the name */
  async arnOf(secretName: string, signal: AbortSignal): Promise<string> {
    const command = new DescribeSecretCommand({ SecretId: secretName });
    const sent = this.clientFor(secretName).send(command, { abortSignal: signal });
    const { ARN } = await sdkCall('secretsmanager:DescribeSecret', sent);
    if (ARN === undefined) throw new AwsCallError('secretsmanager:DescribeSecret', 'InvalidAnswer', 'no ARN');
    return ARN;
  }

  /** The ID of the version with the staging label. */
  async findVersion(secretId: string, stage: SecretStage, signal: AbortSignal): Promise<string | undefined> {
    const command = new DescribeSecretCommand({ SecretId: secretId });
    const { VersionIdsToStages = {} } = await sdkCall(
      'secretsmanager:DescribeSecret',
      this.clientFor(secretId).send(command, { abortSignal: signal }),
    );
    return Object.keys(VersionIdsToStages).find((versionId) => VersionIdsToStages[versionId]?.includes(stage));
  }

  /**
   * Moves AWSCURRENT to a version.
   * @param from the version that has the label now
   * @returns false, without a change, when another version has the label
   */
  async promoteVersion(
    secretId: string,
    versionId: string,
    from: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const move = {
      SecretId: secretId,
      VersionStage: 'AWSCURRENT' satisfies SecretStage,
      MoveToVersionId: versionId,
      RemoveFromVersionId: from,
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

  /** Removes AWSPENDING from a version, which ends its rotation. */
  async removePending(secretId: string, versionId: string, signal: AbortSignal): Promise<void> {
    await this.moveStage(
      { SecretId: secretId, VersionStage: 'AWSPENDING' satisfies SecretStage, RemoveFromVersionId: versionId },
      signal,
    );
  }

  private async moveStage(input: UpdateSecretVersionStageCommandInput, signal: AbortSignal): Promise<void> {
    const client = this.clientFor(input.SecretId ?? '');
    const sent = client.send(new UpdateSecretVersionStageCommand(input), { abortSignal: signal });
    await sdkCall('secretsmanager:UpdateSecretVersionStage', sent);
  }
}

/** The error for a version that is pending has no code of its own. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html */
const INCOMPLETE_ROTATION = /previous rotation isn.t complete/i;

/**
 * Adds fields to the body of a command that are newer than the SDK client, whose version the bundle of the issuer needs.
 * https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/middleware-stack.html
 */
function sendToo(command: PutSecretValueCommand, fields: Readonly<Record<string, string>>): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body: string };
      request.body = JSON.stringify({ ...JSON.parse(request.body), ...fields });
      return next(args);
    },
    // Before the length of the body is in a header.
    { step: 'build', priority: 'high' },
  );
}

/**
 * Starts a rotation, or has an earlier one that failed start again. A function and no method, because only the command uses it.
 * @returns the version that will become current. Undefined if an earlier rotation runs or starts again, whose version is not
 * known.
 */
export async function rotateSecret(
  client: Pick<SecretsManagerClient, 'send'>,
  secretId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const action = 'secretsmanager:RotateSecret';
  const command = new RotateSecretCommand({ SecretId: secretId });
  let VersionId: string | undefined;
  try {
    ({ VersionId } = await sdkCall(action, client.send(command, { abortSignal: signal })));
  } catch (error) {
    if (isAwsError(error, 'InvalidRequestException') && INCOMPLETE_ROTATION.test(failureSentence(error)))
      return undefined;
    throw error;
  }
  if (VersionId === undefined) throw new AwsCallError(action, 'InvalidAnswer', `no version of ${secretId}`);
  return VersionId;
}
