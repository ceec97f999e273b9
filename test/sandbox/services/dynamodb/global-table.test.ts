import { DescribeTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AttributeType, StreamViewType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import type { Properties } from '../../../../sandbox/cloudformation/resource-type';
import { DynamoDbService } from '../../../../sandbox/services/dynamodb';
import { requestFor, resourceType } from '../resource-request';
import { type Served, serve } from '../serve';

const REPLICA = { Region: 'us-east-1' };

let service: DynamoDbService;
let served: Served;
let client: DynamoDBClient;

beforeEach(async () => {
  service = new DynamoDbService({ account: SANDBOX_ACCOUNT, clock: new Clock() });
  served = await serve(service.api);
  client = new DynamoDBClient(served.client);
});

afterEach(async () => {
  client.destroy();
  await served.close();
});

const type = () => resourceType(service, 'AWS::DynamoDB::GlobalTable');

/** What the CDK makes of a `TableV2`. */
function ofTableV2(props: Partial<ConstructorParameters<typeof TableV2>[2]> = {}): Properties {
  const stack = new Stack(new App(), 'Test', { env: { region: 'us-east-1' } });
  new TableV2(stack, 'Table', {
    tableName: 'events',
    partitionKey: { name: 'id', type: AttributeType.STRING },
    removalPolicy: RemovalPolicy.DESTROY,
    ...props,
  });
  const [resource] = Object.values(Template.fromStack(stack).findResources('AWS::DynamoDB::GlobalTable'));
  return resource?.['Properties'];
}

test('is a table of the sandbox, which keeps items', async () => {
  const properties = ofTableV2({
    globalSecondaryIndexes: [{ indexName: 'ByDay', partitionKey: { name: 'day', type: AttributeType.STRING } }],
    timeToLiveAttribute: 'expiresAt',
  });
  const resource = await type().create(requestFor(properties));
  expect(resource).toMatchObject({
    physicalId: 'events',
    attributes: { Arn: 'arn:aws:dynamodb:us-east-1:123456789012:table/events' },
  });
  const Item = { id: { S: '1' }, day: { S: 'Monday' } };
  await client.send(new PutItemCommand({ TableName: 'events', Item }));
  expect((await client.send(new GetItemCommand({ TableName: 'events', Key: { id: { S: '1' } } }))).Item).toEqual(Item);
  const { Table } = await client.send(new DescribeTableCommand({ TableName: 'events' }));
  expect(Table).toMatchObject({ GlobalSecondaryIndexes: [expect.objectContaining({ IndexName: 'ByDay' })] });
  await type().delete(requestFor(properties), resource);
  await expect(client.send(new DescribeTableCommand({ TableName: 'events' }))).rejects.toThrow('not found');
});

test('takes every setting of the CDK, and says what has no effect', () => {
  const properties = ofTableV2({
    replicas: [{ region: 'eu-west-1' }],
    dynamoStream: StreamViewType.NEW_IMAGE,
    contributorInsightsSpecification: { enabled: true },
  });
  expect(type().notices?.(properties)).toEqual(['delivers no stream', 'has no replica in eu-west-1']);
  expect(type().attribute?.({ physicalId: 'events', attributes: { Arn: 'arn' } }, properties, 'StreamArn')).toMatch(
    /^arn\/stream\//,
  );
});

test('is protected as its replica here is', async () => {
  const properties = ofTableV2({ deletionProtection: true });
  const resource = await type().create(requestFor(properties));
  await expect(type().delete(requestFor(properties), resource)).rejects.toThrow('protected against deletion');
  const unprotected = ofTableV2();
  await type().update(requestFor(unprotected), resource, properties);
  await type().delete(requestFor(unprotected), resource);
});

test.each([
  [
    'no replica here',
    { Replicas: [{ Region: 'eu-west-1' }] },
    'the table must have a replica in us-east-1, the Region of',
  ],
  ['no replica', { Replicas: [] }, 'Replicas'],
  ['replicas that are none', { Replicas: 'us-east-1' }, 'Replicas'],
  ['an index without a name', { Replicas: [REPLICA], GlobalSecondaryIndexes: ['x'] }, 'Member must be a map'],
])('fails for %s', async (_, change, message) => {
  await expect(type().create(requestFor({ ...ofTableV2(), ...change }))).rejects.toThrow(message);
});
