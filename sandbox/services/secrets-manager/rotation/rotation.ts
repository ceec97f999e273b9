import { randomUUID } from 'node:crypto';
import { AccessDenied, AwsError } from '../../../endpoint/api';
import type { Secret } from '../secret';
import type { RotationEvents, RotationFunctions, RotationStep } from './ports';

const SERVICE = 'secretsmanager.amazonaws.com';
const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html#cloudtrail_log_entries_rotation */
type RotationEventName =
  | 'RotationStarted'
  | 'RotationSucceeded'
  | 'RotationFailed'
  | 'RotationAbandoned'
  | 'TestRotationStarted'
  | 'TestRotationSucceeded'
  | 'TestRotationFailed';

/** Runs the steps of rotation functions and reports the results. */
export class RotationRunner {
  constructor(
    private readonly functions: RotationFunctions,
    private readonly events: RotationEvents,
  ) {}

  /** @throws AwsError `AccessDeniedException` unless Secrets Manager may invoke the function for this secret */
  assertMayInvoke(functionArn: string, { details }: Secret): void {
    try {
      this.functions.assertMayInvoke(functionArn, SERVICE, details.arn);
    } catch (error) {
      if (!(error instanceof AccessDenied)) throw error;
      const reason = `Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal ${SERVICE}.`;
      throw new AwsError('AccessDeniedException', reason);
    }
  }

  /**
   * Attempts to rotate to the version of the token. Invokes the function synchronously for each step:
   * https://docs.aws.amazon.com/lambda/latest/dg/with-secrets-manager.html. The first failure ends the attempt and
   * leaves the staging labels unchanged.
   * @param isCancelled called before each step
   * @returns whether the version is current
   */
  async rotate(secret: Secret, functionArn: string, token: string, isCancelled: () => boolean): Promise<boolean> {
    this.report('RotationStarted', secret);
    try {
      for (const step of STEPS) {
        if (isCancelled()) {
          this.report('RotationAbandoned', secret);
          return false;
        }
        await this.invoke(secret, functionArn, token, step);
      }
      if (secret.versionWithStage('AWSCURRENT')?.id !== token) {
        throw new Error('the function ended finishSecret without making the pending version AWSCURRENT');
      }
    } catch (error) {
      this.report('RotationFailed', secret, error);
      return false;
    }
    this.report('RotationSucceeded', secret);
    return true;
  }

  /** Runs only the step testSecret, on a temporary pending version with the current value. */
  async test(secret: Secret, functionArn: string, at: Date): Promise<void> {
    const token = randomUUID();
    secret.announce(token, at, secret.versionWithStage('AWSCURRENT')?.value);
    this.report('TestRotationStarted', secret);
    try {
      await this.invoke(secret, functionArn, token, 'testSecret');
      this.report('TestRotationSucceeded', secret);
    } catch (error) {
      this.report('TestRotationFailed', secret, error);
    } finally {
      secret.discard(token);
    }
  }

  private async invoke(secret: Secret, functionArn: string, token: string, step: RotationStep): Promise<void> {
    this.assertMayInvoke(functionArn, secret);
    const rotationToken = randomUUID();
    secret.rotationTokens.set(token, rotationToken);
    await this.functions.invoke(functionArn, {
      Step: step,
      SecretId: secret.details.arn,
      ClientRequestToken: token,
      RotationToken: rotationToken,
    });
  }

  /** Reports an event of the service, as CloudTrail does to EventBridge. */
  private report(eventName: RotationEventName, { details }: Secret, error?: unknown): void {
    const errorMessage =
      error === undefined ? {} : { errorMessage: error instanceof Error ? error.message : `${error}` };
    this.events.put({
      source: 'aws.secretsmanager',
      detailType: 'AWS Service Event via CloudTrail',
      detail: {
        eventType: 'AwsServiceEvent',
        eventSource: SERVICE,
        eventName,
        additionalEventData: { SecretId: details.arn },
        ...errorMessage,
      },
    });
  }
}
