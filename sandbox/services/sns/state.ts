import type { Account } from '../../account';
import type { Clock } from '../../clock';
import { AccessDenied, AwsError } from '../../endpoint/api';
import { evaluate } from '../iam/policy/evaluation';
import type { Policy } from '../iam/policy/policy';

/** A published message. */
export interface Notification {
  readonly time: Date;
  readonly topicArn: string;
  readonly message: string;
}

/** An AWS service that publishes for a source. */
export interface Publisher {
  /** Such as `events.amazonaws.com`. */
  readonly service: string;
  readonly sourceArn: string;
}

/** Limits the memory of a sandbox that runs for long. */
const MAX_NOTIFICATIONS = 10_000;

/** The topics of the account and their messages. */
export class Topics {
  /** By ARN. The policy is absent until a template sets it. */
  private readonly policies = new Map<string, Policy | undefined>();
  private readonly published: Notification[] = [];

  constructor(
    private readonly account: Account,
    private readonly clock: Clock,
  ) {}

  get notifications(): readonly Notification[] {
    return [...this.published];
  }

  has(arn: string): boolean {
    return this.policies.has(arn);
  }

  create(arn: string): void {
    if (this.has(arn)) throw new AwsError('InvalidParameter', `the topic ${arn} already exists`);
    this.policies.set(arn, undefined);
  }

  delete(arn: string): void {
    this.policies.delete(arn);
  }

  /** @throws AwsError `NotFound` */
  setPolicy(arn: string, policy: Policy | undefined): void {
    this.assertExists(arn);
    this.policies.set(arn, policy);
  }

  /** @throws AwsError `NotFound` */
  assertExists(arn: string): void {
    if (!this.has(arn)) throw new AwsError('NotFound', `Topic does not exist: ${arn}`, 404);
  }

  publish(topicArn: string, message: string, { service, sourceArn }: Publisher): void {
    this.assertExists(topicArn);
    const request = {
      principal: { service },
      action: 'sns:Publish',
      resource: topicArn,
      context: { 'aws:SourceArn': sourceArn, 'aws:SourceAccount': this.account.id, 'aws:SecureTransport': 'true' },
    };
    if (evaluate(request, { ofResource: this.policies.get(topicArn) }) !== 'allowed') {
      throw new AccessDenied(`${service} is not authorized to perform: sns:Publish on resource: ${topicArn}`);
    }
    this.published.push({ time: this.clock.now(), topicArn, message });
    if (this.published.length > MAX_NOTIFICATIONS) this.published.shift();
  }
}
