import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import type { Resource } from '../../../../sandbox/cloudformation/resource-type';
import { CallLog } from '../../../../sandbox/endpoint/call-log';
import { Endpoint } from '../../../../sandbox/endpoint/server';
import { EventBridgeService } from '../../../../sandbox/services/events';
import { SnsService } from '../../../../sandbox/services/sns';
import { FunctionCloud } from '../lambda/function-cloud';
import { requestFor, resourceType } from '../resource-request';

const RULE_ARN = 'arn:aws:events:us-east-1:123456789012:rule/revocations';

let endpoint: Endpoint;
let cloud: FunctionCloud;
let service: EventBridgeService;

beforeEach(async () => {
  endpoint = await Endpoint.listen();
  cloud = new FunctionCloud({ endpointUrl: endpoint.url });
  const { iam, lambda, clock, faults } = cloud;
  const surroundings = { account: SANDBOX_ACCOUNT, clock };
  service = new EventBridgeService(surroundings, { functions: lambda, topics: new SnsService(surroundings) });
  endpoint.serve({
    accounts: [{ apis: [lambda.api, service.api], iam }],
    clock,
    faults,
    calls: new CallLog(),
    killProcessOf: (accessKeyId) => lambda.killProcessOf(accessKeyId),
    receiveCustomResourceResponse: () => false,
  });
});

afterEach(async () => {
  await cloud.lambda.close();
  await endpoint.close();
  cloud.clock.close();
});

/** A rule whose pattern has a source, a type, and a field of the detail, and the permission of its function. */
async function createRule(target: Resource, { isPermitted = true } = {}): Promise<void> {
  const FunctionName = String(target.attributes.Arn);
  const permission = { Action: 'lambda:InvokeFunction', FunctionName, Principal: 'events.amazonaws.com' };
  if (isPermitted) {
    await resourceType(cloud.lambda, 'AWS::Lambda::Permission').create(
      requestFor({ ...permission, SourceArn: RULE_ARN }),
    );
  }
  await resourceType(service, 'AWS::Events::Rule').create(
    requestFor({
      Name: 'revocations',
      EventPattern: {
        source: ['mtls-service-mesh'],
        'detail-type': ['Certificate Revoked'],
        detail: { authority: ['issuing'] },
      },
      Targets: [{ Id: 'Target0', Arn: FunctionName }],
    }),
  );
}

/** A function that puts its event on the default bus. */
async function createSender(): Promise<Resource> {
  const allowed = { Effect: 'Allow', Action: 'events:PutEvents', Resource: '*' };
  const PolicyDocument = { Version: '2012-10-17', Statement: allowed };
  const Role = await cloud.createRole({ Policies: [{ PolicyName: 'p', PolicyDocument }] });
  const module = JSON.stringify(require.resolve('@aws-sdk/client-eventbridge'));
  return cloud.createFunction(
    `const { EventBridgeClient, PutEventsCommand } = require(${module});
     return new EventBridgeClient().send(new PutEventsCommand({ Entries: event.entries }));`,
    { Role, Timeout: 30 },
  );
}

async function send(...entries: object[]): Promise<unknown> {
  const sender = await createSender();
  return cloud.lambda.invoke(String(sender.attributes.Arn), { entries });
}

const revoked = (detail: object, more: object = {}) => ({
  Source: 'mtls-service-mesh',
  DetailType: 'Certificate Revoked',
  Detail: JSON.stringify({ authority: 'issuing', ...detail }),
  ...more,
});

/** The lines that the function logs as `attempt …`. */
const attempts = (target: Resource) => cloud.logOf(target).match(/attempt .*/g) ?? [];

test('a function that puts an event sets off the function of a rule, and does not wait for it', async () => {
  let release = () => undefined as unknown;
  const held = createServer((_request, response) => {
    release = () => response.end();
  });
  held.listen(0, '127.0.0.1');
  await once(held, 'listening');
  const url = `http://127.0.0.1:${(held.address() as AddressInfo).port}`;
  try {
    const target = await cloud.createFunction(
      "await fetch(event.detail.url); console.log('attempt', event['detail-type'], event.detail.serialNumber);",
    );
    await createRule(target);
    const asked = once(held, 'request');
    const others = [
      revoked({ authority: 'another' }),
      revoked({}, { Source: 'another' }),
      revoked({}, { DetailType: 'Certificate Issued' }),
    ];
    expect(await send(revoked({ serialNumber: '0A', url }), ...others)).toMatchObject({ FailedEntryCount: 0 });
    await asked;
    expect(service.events.map(({ deliveries }) => deliveries)).toEqual([[], [], [], []]);
    release();
    await cloud.clock.advance(0);
    expect(service.events.map(({ deliveries }) => deliveries.length)).toEqual([1, 0, 0, 0]);
    expect(attempts(target)).toEqual(['attempt Certificate Revoked 0A']);
  } finally {
    held.closeAllConnections();
    held.close();
  }
});

test.each([
  [1, undefined],
  [2, undefined],
  [3, 'not yet'],
])('a function that fails %i times is invoked up to three times with the same request ID', async (failures, error) => {
  const target = await cloud.createFunction(
    `globalThis.count = (globalThis.count ?? 0) + 1;
     console.log('attempt', context.awsRequestId, event.id);
     if (globalThis.count <= ${failures}) throw new Error('not yet');`,
  );
  await createRule(target);
  await send(revoked({}));
  await cloud.clock.advance(0);
  const made = attempts(target);
  expect(made).toHaveLength(Math.min(failures + 1, 3));
  expect(new Set(made).size).toBe(1);
  expect(made[0]).toContain(service.events[0]?.id ?? 'no event');
  const deliveries = service.events[0]?.deliveries;
  expect(deliveries).toHaveLength(1);
  expect(deliveries?.[0]?.error).toEqual(error && expect.stringContaining(error));
});

test('a function whose permission is missing is not invoked', async () => {
  const target = await cloud.createFunction("console.log('attempt');");
  await createRule(target, { isPermitted: false });
  await send(revoked({}));
  await cloud.clock.advance(0);
  expect(attempts(target)).toEqual([]);
  expect(service.events[0]?.deliveries).toMatchObject([{ error: expect.stringContaining('lambda:InvokeFunction') }]);
});
