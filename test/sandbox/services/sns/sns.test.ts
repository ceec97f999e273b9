import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { AccessDenied } from '../../../../sandbox/endpoint/api';
import { SnsService } from '../../../../sandbox/services/sns';
import { requestFor, resourceType } from '../resource-request';

const TOPIC_ARN = 'arn:aws:sns:us-east-1:123456789012:mesh-events';
const ALARM = {
  service: 'cloudwatch.amazonaws.com',
  sourceArn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:expiring',
};

let service: SnsService;

beforeEach(() => {
  service = new SnsService({ account: SANDBOX_ACCOUNT, clock: new Clock() });
});

const type = (name: string) => resourceType(service, `AWS::SNS::${name}`);
const createTopic = (properties = {}) =>
  type('Topic').create(requestFor({ TopicName: 'mesh-events', DisplayName: 'Mesh', ...properties }));
const policyFor = (statement: object) =>
  requestFor({ PolicyDocument: { Version: '2012-10-17', Statement: statement }, Topics: [TOPIC_ARN] });
const ALLOW = {
  Effect: 'Allow',
  Principal: { Service: ALARM.service },
  Action: 'sns:Publish',
  Resource: TOPIC_ARN,
  Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
};

test('a topic is told by its ARN and its name, which it has for itself', async () => {
  expect(await createTopic()).toEqual({
    physicalId: TOPIC_ARN,
    attributes: { TopicArn: TOPIC_ARN, TopicName: 'mesh-events' },
  });
  await expect(createTopic()).rejects.toThrow('already exists');
  const unnamed = await createTopic({ TopicName: undefined });
  expect(unnamed.physicalId).toMatch(/^arn:aws:sns:us-east-1:123456789012:mesh-Thing-[0-9A-F]{12}$/);
});

test('keeps what is published by a service that its policy allows, and by no other', async () => {
  const topic = await createTopic();
  expect(() => service.publish(TOPIC_ARN, 'early', ALARM)).toThrow(AccessDenied);
  const policy = await type('TopicPolicy').create(policyFor(ALLOW));
  service.publish(TOPIC_ARN, 'expiring', ALARM);
  expect(() => service.publish(TOPIC_ARN, 'forged', { ...ALARM, service: 'events.amazonaws.com' })).toThrow(
    AccessDenied,
  );
  expect(service.notifications).toEqual([{ time: expect.any(Date), topicArn: TOPIC_ARN, message: 'expiring' }]);

  await type('TopicPolicy').update(policyFor({ ...ALLOW, Effect: 'Deny' }), policy, {});
  expect(() => service.publish(TOPIC_ARN, 'denied', ALARM)).toThrow(AccessDenied);
  await type('TopicPolicy').delete(policyFor(ALLOW), policy);
  await type('Topic').delete(requestFor({}), topic);
  await type('TopicPolicy').delete(policyFor(ALLOW), policy);
  expect(() => service.publish(TOPIC_ARN, 'late', ALARM)).toThrow('Topic does not exist');
});

test('takes subscriptions to topics that exist', async () => {
  const subscribe = () =>
    type('Subscription').create(
      requestFor({ TopicArn: TOPIC_ARN, Protocol: 'email', Endpoint: 'operator@example.com' }),
    );
  await expect(subscribe()).rejects.toThrow('Topic does not exist');
  await createTopic();
  expect((await subscribe()).physicalId).toMatch(new RegExp(`^${TOPIC_ARN}:[0-9a-f-]{36}$`));
});

test('refuses what it does not support by name', async () => {
  await expect(createTopic({ FifoTopic: true })).rejects.toThrow('FifoTopic');
  await createTopic();
  const pager = requestFor({ TopicArn: TOPIC_ARN, Protocol: 'pager', Endpoint: '1' });
  await expect(type('Subscription').create(pager)).rejects.toThrow('Protocol');
});
