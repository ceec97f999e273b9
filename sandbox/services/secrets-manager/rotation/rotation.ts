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

/** Runs rotation functions through their steps, and reports how it went. */
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
   * One attempt to rotate to the version that the token names. The function is invoked for one step after the other,
   * synchronously: https://docs.aws.amazon.com/lambda/latest/dg/with-secrets-manager.html. The first failure ends the
   * attempt and leaves the staging labels as they are.
   * @param isCancelled asked before each step
   * @returns whether the version is current now
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

  /** The step testSecret alone, on a pending version that holds the current value and is gone afterwards. */
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
    await this.functions.invoke(functionArn, {
      Step: step,
      SecretId: secret.details.arn,
      ClientRequestToken: token,
      RotationToken: randomUUID(),
    });
  }

  /** As CloudTrail tells EventBridge of what a service does by itself. */
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
