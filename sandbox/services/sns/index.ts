import type { ResourceType } from '../../cloudformation/resource-type';
import type { Service, Surroundings } from '../shared/service';
import { subscriptionType } from './resources/subscription';
import { topicPolicyType, topicType } from './resources/topic';
import { type Notification, type Publisher, Topics } from './state';

/** Amazon SNS: topics take what other services publish and keep it to be looked at; nothing leaves the sandbox. */
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

  /** @throws AccessDenied unless the topic's policy lets the service publish on behalf of the source */
  publish(topicArn: string, message: string, by: Publisher): void {
    this.topics.publish(topicArn, message, by);
  }
}
