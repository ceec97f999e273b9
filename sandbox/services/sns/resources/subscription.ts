import { randomUUID } from 'node:crypto';
import type { ResourceType } from '../../../cloudformation/resource-type';
import { anything, boolean, oneOf, optional, string, structure } from '../../shared/shape';
import type { Topics } from '../state';

const shape = structure({
  Endpoint: optional(string()),
  FilterPolicy: optional(anything),
  Protocol: oneOf('http', 'https', 'email', 'email-json', 'sms', 'sqs', 'application', 'lambda', 'firehose'),
  RawMessageDelivery: optional(boolean),
  TopicArn: string(),
});

/** `AWS::SNS::Subscription`: checked, but without deliveries. */
export function subscriptionType(topics: Topics): ResourceType {
  return {
    properties: {
      Endpoint: 'createOnly',
      FilterPolicy: 'mutable',
      Protocol: 'createOnly',
      RawMessageDelivery: 'mutable',
      TopicArn: 'createOnly',
    },
    otherProperties: 'ignored',
    create: async ({ properties }) => {
      const { TopicArn } = shape(properties, '');
      topics.assertExists(TopicArn);
      const arn = `${TopicArn}:${randomUUID()}`;
      return { physicalId: arn, attributes: { Arn: arn } };
    },
    update: async ({ properties }, resource) => {
      shape(properties, '');
      return resource;
    },
    delete: async () => undefined,
  };
}
