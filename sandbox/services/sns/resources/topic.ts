import { type Account, regionalArn } from '../../../account';
import { physicalName } from '../../../cloudformation/physical-name';
import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { parsePolicy } from '../../iam/policy/policy';
import { list, optional, string, structure } from '../../shared/shape';
import { tagList } from '../../shared/tags';
import type { Topics } from '../state';

const MAX_TOPIC_NAME = 256;

const topicShape = structure({
  TopicName: optional(string({ min: 1, max: MAX_TOPIC_NAME }, /^[\w-]+$/)),
  DisplayName: optional(string({ max: 100 })),
  KmsMasterKeyId: optional(string({ max: 2048 })),
  Tags: optional(tagList),
});

/**
 * `AWS::SNS::Topic`. Encryption is accepted without effect.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html
 */
export function topicType(account: Account, topics: Topics): ResourceType {
  const describe = (name: string): Resource => {
    const arn = regionalArn(account, 'sns', name);
    return { physicalId: arn, attributes: { TopicArn: arn, TopicName: name } };
  };
  return {
    properties: { TopicName: 'createOnly', DisplayName: 'mutable', KmsMasterKeyId: 'mutable', Tags: 'mutable' },
    otherProperties: 'ignored',
    create: async (request) => {
      const { TopicName } = topicShape(request.properties, '');
      const topic = describe(TopicName ?? physicalName(request, MAX_TOPIC_NAME));
      topics.create(topic.physicalId);
      return topic;
    },
    update: async ({ properties }, resource) => {
      topicShape(properties, '');
      return resource;
    },
    delete: async (_request, { physicalId }) => topics.delete(physicalId),
  };
}

const policyShape = structure({
  PolicyDocument: (value) => value,
  Topics: list(string(), { min: 1 }),
});

/** AWS::SNS::TopicPolicy */
export function topicPolicyType(topics: Topics): ResourceType {
  function set(properties: Properties): void {
    const { PolicyDocument, Topics: arns } = policyShape(properties, '');
    const policy = parsePolicy(PolicyDocument);
    for (const arn of arns) topics.setPolicy(arn, policy);
  }

  return {
    properties: { PolicyDocument: 'mutable', Topics: 'mutable' },
    create: async (request) => {
      set(request.properties);
      const id = physicalName(request, 128);
      return { physicalId: id, attributes: { Id: id } };
    },
    update: async ({ properties }, resource) => {
      set(properties);
      return resource;
    },
    delete: async ({ properties }) => {
      for (const arn of policyShape(properties, '').Topics) if (topics.has(arn)) topics.setPolicy(arn, undefined);
    },
  };
}
