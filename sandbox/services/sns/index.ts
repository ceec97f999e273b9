import type { ResourceType } from '../../cloudformation/resource-type';
import type { Service, Surroundings } from '../shared/service';
import { subscriptionType } from './resources/subscription';
import { topicPolicyType, topicType } from './resources/topic';
import { type Notification, type Publisher, Topics } from './state';

/** Amazon SNS: topics keep the messages of other services for tests to read. No message leaves the sandbox. */
export class SnsService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  private readonly topics: Topics;

  constructor({ account, clock }: Surroundings) {
    this.topics = new Topics(account, clock);
    this.resourceTypes = {
      'AWS::SNS::Subscription': subscriptionType(this.topics),
      'AWS::SNS::Topic': topicType(account, this.topics),
      'AWS::SNS::TopicPolicy': topicPolicyType(this.topics),
    };
  }

  /** Oldest first. */
  get notifications(): readonly Notification[] {
    return this.topics.notifications;
  }

  /** @throws AccessDenied unless the policy of the topic allows the service to publish for the source */
  publish(topicArn: string, message: string, by: Publisher): void {
    this.topics.publish(topicArn, message, by);
  }
}
