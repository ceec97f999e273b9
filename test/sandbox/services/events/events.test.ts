import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import type { Properties } from '../../../../sandbox/cloudformation/resource-type';
import { AccessDenied } from '../../../../sandbox/endpoint/api';
import { EventBridgeService } from '../../../../sandbox/services/events';
import { SnsService } from '../../../../sandbox/services/sns';
import { duringWork } from '../../../interval';
import { requestFor, resourceType } from '../resource-request';
import { type Served, serve } from '../serve';

const HOUR = 3_600_000;
const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:issuer';
const RULE_ARN = 'arn:aws:events:us-east-1:123456789012:rule/maintenance';
const TO_FUNCTION = [{ Id: 'Target0', Arn: FUNCTION_ARN }];

let clock: Clock;
let topics: SnsService;
let service: EventBridgeService;
let served: Served;
let client: EventBridgeClient;
/** What the function got. */
let invoked: unknown[];
let isPermitted: boolean;

beforeEach(async () => {
  clock = new Clock();
  invoked = [];
  isPermitted = true;
  const surroundings = { account: SANDBOX_ACCOUNT, clock };
  topics = new SnsService(surroundings);
  service = new EventBridgeService(surroundings, {
    topics,
    functions: {
      invokeAsynchronously: async (functionArn, event) => {
        expect(functionArn).toBe(FUNCTION_ARN);
        invoked.push(JSON.parse(JSON.stringify(event)));
      },
      assertMayInvoke: (functionArn, principalService, sourceArn) => {
        expect([functionArn, principalService, sourceArn]).toEqual([FUNCTION_ARN, 'events.amazonaws.com', RULE_ARN]);
        if (!isPermitted) throw new AccessDenied('no resource-based policy allows it');
      },
    },
  });
  served = await serve(service.api);
  client = new EventBridgeClient(served.client);
});

afterEach(async () => {
  clock.close();
  client.destroy();
  await served.close();
});

const rules = () => resourceType(service, 'AWS::Events::Rule');
const createRule = (properties: Properties) => rules().create(requestFor({ Name: 'maintenance', ...properties }));

const REVOKED: PutEventsRequestEntry = {
  Source: 'mtls-service-mesh',
  DetailType: 'Certificate Revoked',
  Detail: JSON.stringify({ clientName: 'mail' }),
};
const put = (...Entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries }));

describe('PutEvents', () => {
  test('keeps what is put, to be looked at', async () => {
    const { FailedEntryCount, Entries } = await put({ ...REVOKED, Resources: ['arn:one'] });
    expect(FailedEntryCount).toBe(0);
    expect(service.events).toEqual([
      {
        id: Entries?.[0]?.EventId,
        bus: 'default',
        time: expect.any(Date),
        source: 'mtls-service-mesh',
        detailType: 'Certificate Revoked',
        detail: { clientName: 'mail' },
        resources: ['arn:one'],
        deliveries: [],
      },
    ]);
  });

  test("takes the caller's time, and else the sandbox's", async () => {
    await clock.advance(100 * HOUR);
    const putting = await duringWork(
      () => clock.now(),
      () => put({ ...REVOKED, Time: new Date('2027-01-01T00:00:00Z') }, REVOKED),
    );
    const [given, taken] = service.events;
    expect(given?.time.toISOString()).toBe('2027-01-01T00:00:00.000Z');
    expect(putting.includes(Number(taken?.time))).toBe(true);
  });

  test.each([
    ['Source', { Source: undefined }, 'InvalidArgument'],
    ['DetailType', { DetailType: '' }, 'InvalidArgument'],
    ['Detail', { Detail: undefined }, 'InvalidArgument'],
    ['an object as Detail', { Detail: '[]' }, 'MalformedDetail'],
    ['JSON as Detail', { Detail: '{' }, 'MalformedDetail'],
    ['a source of its own', { Source: 'aws.secretsmanager' }, 'NotAuthorizedForSource'],
    ['the default bus', { EventBusName: 'other' }, 'ResourceNotFoundException'],
  ])('refuses an entry without %s, and takes the others', async (_, change, ErrorCode) => {
    const { FailedEntryCount, Entries } = await put({ ...REVOKED, ...change }, REVOKED);
    expect(FailedEntryCount).toBe(1);
    expect(Entries).toEqual([{ ErrorCode, ErrorMessage: expect.any(String) }, { EventId: expect.any(String) }]);
    expect(service.events).toHaveLength(1);
  });

  test('asks for permission by source and type', async () => {
    await put(REVOKED);
    expect(served.authorizations).toMatchObject([
      {
        action: 'events:PutEvents',
        resource: 'arn:aws:events:us-east-1:123456789012:event-bus/default',
        conditionKeys: { 'events:source': ['mtls-service-mesh'], 'events:detail-type': ['Certificate Revoked'] },
      },
    ]);
    served.denied.add('events:PutEvents');
    await expect(put(REVOKED)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(service.events).toHaveLength(1);
  });

  test('asks for permission for all entries at once, so that one foreign source denies them all', async () => {
    await put(REVOKED, { ...REVOKED, Source: 'other' });
    expect(served.authorizations).toMatchObject([
      { conditionKeys: { 'events:source': ['mtls-service-mesh', 'other'] } },
    ]);
  });

  test('takes one to ten entries', async () => {
    await expect(put()).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put(...Array.from({ length: 11 }, () => REVOKED))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

describe('a rule with a pattern', () => {
  const EventPattern = { source: ['mtls-service-mesh'], detail: { clientName: ['mail'] } };

  test('hands what fits to its function, as EventBridge writes events', async () => {
    const rule = await createRule({ EventPattern, Targets: TO_FUNCTION });
    expect(rule).toEqual({ physicalId: 'maintenance', attributes: { Arn: RULE_ARN } });
    await put(REVOKED, { ...REVOKED, Detail: JSON.stringify({ clientName: 'social' }) });
    await clock.advance(0);
    expect(invoked).toEqual([
      {
        version: '0',
        id: service.events[0]?.id,
        'detail-type': 'Certificate Revoked',
        source: 'mtls-service-mesh',
        account: '123456789012',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        region: 'us-east-1',
        resources: [],
        detail: { clientName: 'mail' },
      },
    ]);
    expect(service.events.map(({ deliveries }) => deliveries)).toEqual([
      [{ rule: 'maintenance', target: FUNCTION_ARN, error: undefined }],
      [],
    ]);
  });

  test('hands over the input of its target instead, where there is one', async () => {
    await createRule({ EventPattern, Targets: [{ ...TO_FUNCTION[0], Input: '{"hello":"world"}' }] });
    await put(REVOKED);
    await clock.advance(0);
    expect(invoked).toEqual([{ hello: 'world' }]);
  });

  test('tells with the event that it may not invoke its function', async () => {
    isPermitted = false;
    await createRule({ EventPattern, Targets: TO_FUNCTION });
    await put(REVOKED);
    await clock.advance(0);
    expect(invoked).toEqual([]);
    expect(service.events[0]?.deliveries).toMatchObject([{ error: 'no resource-based policy allows it' }]);
  });

  test('publishes to a topic whose policy allows it, and to no other', async () => {
    const topic = async (Name: string) =>
      (await resourceType(topics, 'AWS::SNS::Topic').create(requestFor({ TopicName: Name }))).physicalId;
    const [open, closed] = [await topic('open'), await topic('closed')];
    const allowed = {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: open,
      Condition: { ArnEquals: { 'aws:SourceArn': RULE_ARN } },
    };
    const PolicyDocument = { Version: '2012-10-17', Statement: allowed };
    await resourceType(topics, 'AWS::SNS::TopicPolicy').create(requestFor({ PolicyDocument, Topics: [open] }));
    await createRule({ EventPattern, Targets: [open, closed].map((Arn) => ({ Id: Arn.slice(-6), Arn })) });
    await put(REVOKED);
    await clock.advance(0);
    expect(topics.notifications).toMatchObject([
      { topicArn: open, message: expect.stringContaining('"clientName":"mail"') },
    ]);
    expect(service.events[0]?.deliveries).toMatchObject([
      { target: open, error: undefined },
      { target: closed, error: expect.stringContaining('not authorized to perform: sns:Publish') },
    ]);
  });

  test('does nothing when it is disabled, and follows updates', async () => {
    const disabled = { Name: 'maintenance', EventPattern, Targets: TO_FUNCTION, State: 'DISABLED' };
    const rule = await createRule(disabled);
    await put(REVOKED);
    await rules().update(requestFor({ ...disabled, State: 'ENABLED' }), rule, disabled);
    await put(REVOKED);
    await clock.advance(0);
    expect(invoked).toHaveLength(1);
    await rules().delete(requestFor(disabled), rule);
    await put(REVOKED);
    await clock.advance(0);
    expect(invoked).toHaveLength(1);
  });
});

describe('a rule with a schedule', () => {
  test('sends its function a scheduled event whenever its time comes', async () => {
    await createRule({ ScheduleExpression: 'rate(1 hour)', Targets: TO_FUNCTION });
    await clock.advance(3 * HOUR);
    expect(invoked).toHaveLength(3);
    expect(invoked[0]).toMatchObject({
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      resources: [RULE_ARN],
      detail: {},
    });
    const [first, second] = invoked as { time: string }[];
    expect(Date.parse(second?.time ?? '') - Date.parse(first?.time ?? '')).toBe(HOUR);
  });

  test('by cron keeps to it', async () => {
    await createRule({ ScheduleExpression: 'cron(0 8 * * ? *)', Targets: TO_FUNCTION });
    await clock.advance(48 * HOUR);
    expect(invoked).toHaveLength(2);
    expect(invoked).toMatchObject([{ time: expect.stringMatching(/T08:00:0\dZ/) }, {}]);
  });

  test('ends when it is disabled or deleted', async () => {
    const scheduled = { Name: 'maintenance', ScheduleExpression: 'rate(1 hour)', Targets: TO_FUNCTION };
    const rule = await createRule(scheduled);
    await rules().update(requestFor({ ...scheduled, State: 'DISABLED' }), rule, scheduled);
    await clock.advance(3 * HOUR);
    await rules().update(requestFor(scheduled), rule, scheduled);
    await rules().delete(requestFor(scheduled), rule);
    await clock.advance(3 * HOUR);
    expect(invoked).toEqual([]);
  });
});

test.each([
  ['neither pattern nor schedule', {}, 'an EventPattern or a ScheduleExpression'],
  ['a schedule that is none', { ScheduleExpression: 'hourly' }, 'ScheduleExpression is not valid'],
  ['another bus', { EventPattern: { source: ['a'] }, EventBusName: 'other' }, 'Event bus other does not exist'],
  [
    'an input that is no JSON',
    { EventPattern: { source: ['a'] }, Targets: [{ ...TO_FUNCTION[0], Input: '{' }] },
    'must be JSON',
  ],
  [
    'a transformed input',
    { EventPattern: { source: ['a'] }, Targets: [{ ...TO_FUNCTION[0], InputTransformer: {} }] },
    'InputTransformer',
  ],
])('a rule with %s is refused', async (_, properties, reason) => {
  await expect(createRule(properties)).rejects.toThrow(reason);
});

test('a target that the sandbox does not support is named with the event', async () => {
  const queue = 'arn:aws:sqs:us-east-1:123456789012:queue';
  await createRule({ EventPattern: { source: ['mtls-service-mesh'] }, Targets: [{ Id: 'queue', Arn: queue }] });
  await put(REVOKED);
  await clock.advance(0);
  expect(service.events[0]?.deliveries).toMatchObject([
    { error: `the sandbox does not support targets such as ${queue}` },
  ]);
});

test('a rule cannot take the name of another one', async () => {
  await createRule({ ScheduleExpression: 'rate(1 hour)' });
  await expect(createRule({ ScheduleExpression: 'rate(1 hour)' })).rejects.toThrow('already exists');
});

test('rules and their targets are listed as their templates have them', async () => {
  const EventPattern = { source: ['mtls-service-mesh'] };
  await createRule({ EventPattern, Description: 'Tells', Targets: [{ ...TO_FUNCTION[0], Input: '{"a":1}' }] });
  await createRule({ Name: 'hourly', ScheduleExpression: 'rate(1 hour)', State: 'DISABLED' });

  const { Rules } = await client.send(new ListRulesCommand({}));
  expect(Rules).toMatchObject([
    { Name: 'hourly', ScheduleExpression: 'rate(1 hour)', State: 'DISABLED', EventBusName: 'default' },
    { Name: 'maintenance', Arn: RULE_ARN, EventPattern: JSON.stringify(EventPattern), State: 'ENABLED' },
  ]);
  expect((await client.send(new ListRulesCommand({ NamePrefix: 'h' }))).Rules).toHaveLength(1);
  const described = await client.send(new DescribeRuleCommand({ Name: 'maintenance' }));
  expect(described).toMatchObject({ Description: 'Tells' });
  const { Targets } = await client.send(new ListTargetsByRuleCommand({ Rule: 'maintenance' }));
  expect(Targets).toEqual([{ Id: 'Target0', Arn: FUNCTION_ARN, Input: '{"a":1}' }]);
  await expect(client.send(new DescribeRuleCommand({ Name: 'missing' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

describe('another bus', () => {
  const createBus = () => resourceType(service, 'AWS::Events::EventBus').create(requestFor({ Name: 'orders' }));
  const pattern = { EventPattern: { source: ['mtls-service-mesh'] } };

  test('has rules of its own, and its events reach only them', async () => {
    const bus = await createBus();
    const arn = 'arn:aws:events:us-east-1:123456789012:event-bus/orders';
    expect(bus).toEqual({ physicalId: 'orders', attributes: { Arn: arn, Name: 'orders' } });
    const Targets = [{ Id: 'a', Arn: 'arn:aws:sqs:us-east-1:123456789012:queue' }];
    await createRule({ ...pattern, Targets });
    const rule = await createRule({ ...pattern, Targets, EventBusName: arn });
    expect(rule).toEqual({
      physicalId: 'orders|maintenance',
      attributes: { Arn: 'arn:aws:events:us-east-1:123456789012:rule/orders/maintenance' },
    });
    await put({ ...REVOKED, EventBusName: 'orders' }, { ...REVOKED, EventBusName: arn }, REVOKED);
    await clock.advance(0);
    expect(service.events.map((event) => [event.bus, event.deliveries.length])).toEqual([
      ['orders', 1],
      ['orders', 1],
      ['default', 1],
    ]);
    expect(served.authorizations.map(({ resource }) => resource)).toEqual([
      arn,
      'arn:aws:events:us-east-1:123456789012:event-bus/default',
    ]);
    await rules().delete(requestFor({}), rule);
    await put({ ...REVOKED, EventBusName: 'orders' });
    await clock.advance(0);
    expect(service.events.at(-1)?.deliveries).toEqual([]);
  });

  test('is one of a name, has no schedules, and is gone after its deletion', async () => {
    const bus = await createBus();
    await expect(createBus()).rejects.toThrow('already exists');
    await expect(createRule({ ScheduleExpression: 'rate(1 hour)', EventBusName: 'orders' })).rejects.toThrow(
      'only on the default event bus',
    );
    await resourceType(service, 'AWS::Events::EventBus').delete(requestFor({}), bus);
    const { FailedEntryCount } = await put({ ...REVOKED, EventBusName: 'orders' });
    expect(FailedEntryCount).toBe(1);
  });
});
