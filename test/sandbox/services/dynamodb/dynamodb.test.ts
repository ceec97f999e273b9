import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import type { Properties } from '../../../../sandbox/cloudformation/resource-type';
import { DynamoDbService } from '../../../../sandbox/services/dynamodb';
import { requestFor, resourceType } from '../resource-request';
import { type Served, send, serve } from '../serve';

const TableName = 'registry';
const TABLE_ARN = 'arn:aws:dynamodb:us-east-1:123456789012:table/registry';

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

const properties = {
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: ['pk', 'sk', 'client'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  GlobalSecondaryIndexes: [
    {
      IndexName: 'by-client',
      KeySchema: [{ AttributeName: 'client', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
  SSESpecification: { SSEEnabled: true },
  PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
};
const create = (changed: Properties = {}) =>
  resourceType(service, 'AWS::DynamoDB::Table').create(requestFor({ ...properties, ...changed }));
const Key = { pk: { S: 'CLIENT#mail' }, sk: { S: 'CERT#1' } };
const put = (item: object, options: object = {}) =>
  client.send(new PutItemCommand({ TableName, Item: { ...Key, ...item }, ...options }));
const get = async () => (await client.send(new GetItemCommand({ TableName, Key }))).Item;

describe('items', () => {
  beforeEach(() => create());

  test('are put, read, changed and deleted', async () => {
    await put({ status: { S: 'issued' } });
    expect(await get()).toEqual({ ...Key, status: { S: 'issued' } });
    const { Attributes } = await client.send(
      new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression: 'SET #s = :revoked',
        ExpressionAttributeNames: { '#s': 'status' },
        ExpressionAttributeValues: { ':revoked': { S: 'revoked' } },
        ReturnValues: 'ALL_NEW',
      }),
    );
    expect(Attributes?.status).toEqual({ S: 'revoked' });
    await client.send(new DeleteItemCommand({ TableName, Key }));
    expect(await get()).toBeUndefined();
  });

  test('are written only when their condition holds, also by many at once', async () => {
    const attempts = Array.from({ length: 10 }, (_, n) =>
      put({ n: { N: String(n) } }, { ConditionExpression: 'attribute_not_exists(pk)' }),
    );
    const results = await Promise.allSettled(attempts);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [refused] = results.filter((result) => result.status === 'rejected');
    expect(refused?.reason).toMatchObject({ name: 'ConditionalCheckFailedException' });
  });

  test('are found by key, by index and by scan', async () => {
    for (const n of [1, 2, 3]) await put({ sk: { S: `CERT#${n}` }, client: { S: n === 3 ? 'social' : 'mail' } });
    const byKey = await client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
        ExpressionAttributeValues: { ':pk': { S: 'CLIENT#mail' }, ':sk': { S: 'CERT#' } },
        ScanIndexForward: false,
      }),
    );
    expect(byKey.Items?.map(({ sk }) => sk?.S)).toEqual(['CERT#3', 'CERT#2', 'CERT#1']);
    const byIndex = await client.send(
      new QueryCommand({
        TableName,
        IndexName: 'by-client',
        KeyConditionExpression: 'client = :client',
        ExpressionAttributeValues: { ':client': { S: 'mail' } },
      }),
    );
    expect(byIndex.Count).toBe(2);
    expect((await client.send(new ScanCommand({ TableName, Limit: 2 }))).LastEvaluatedKey).toBeDefined();
  });

  test('are written and read in batches', async () => {
    const Item = { ...Key, status: { S: 'issued' } };
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: [{ PutRequest: { Item } }] } }));
    const { Responses } = await client.send(
      new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [Key] } } }),
    );
    expect(Responses?.[TableName]).toEqual([Item]);
    expect(served.authorizations).toMatchObject([
      { action: 'dynamodb:BatchWriteItem', resource: TABLE_ARN },
      { action: 'dynamodb:BatchGetItem', resource: TABLE_ARN },
    ]);
  });

  test('may hold what looks like an ARN of another account, and keep it', async () => {
    const arn = { S: 'arn:aws:dynamodb:us-east-1:000000000000:table/registry' };
    await put({ arn });
    expect((await get())?.arn).toEqual(arn);
  });
});

describe('a table', () => {
  test('has its name as reference, its ARN as attribute, and can be asked for by either', async () => {
    expect(await create()).toEqual({ physicalId: TableName, attributes: { Arn: TABLE_ARN } });
    for (const name of [TableName, TABLE_ARN]) {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
      expect(Table).toMatchObject({
        TableArn: TABLE_ARN,
        TableStatus: 'ACTIVE',
        TableId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      expect(Table?.GlobalSecondaryIndexes?.[0]?.IndexArn).toBe(`${TABLE_ARN}/index/by-client`);
    }
  });

  test('without TableName is named after its stack and logical id', async () => {
    const { physicalId } = await create({ TableName: undefined });
    expect(physicalId).toMatch(/^mesh-Thing-/);
    expect((await client.send(new ListTablesCommand())).TableNames).toEqual([physicalId]);
  });

  test('keeps its time to live, from the template and from a call', async () => {
    const timeToLive = async () =>
      (await client.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription;
    await create({ TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true } });
    expect(await timeToLive()).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' });
    const TimeToLiveSpecification = { AttributeName: 'expiresAt', Enabled: false };
    await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    expect(await timeToLive()).toEqual({ TimeToLiveStatus: 'DISABLED' });
  });

  test('protected against deletion is not deleted until the protection is off', async () => {
    const tableType = resourceType(service, 'AWS::DynamoDB::Table');
    const before = { ...properties, DeletionProtectionEnabled: true };
    const resource = await create(before);
    await expect(tableType.delete(requestFor(before), resource)).rejects.toThrow(/protected against deletion/);
    await tableType.update(requestFor(properties), resource, before);
    await tableType.delete(requestFor(properties), resource);
    await tableType.delete(requestFor(properties), resource);
    await expect(get()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('deleted and made again is empty', async () => {
    const tableType = resourceType(service, 'AWS::DynamoDB::Table');
    const resource = await create();
    await put({});
    await tableType.delete(requestFor(properties), resource);
    await create();
    expect(await get()).toBeUndefined();
  });

  test('cannot take a name twice', async () => {
    await create();
    await expect(create()).rejects.toMatchObject({ code: 'ResourceInUseException' });
  });

  test('fails by name for a change of indexes, which the sandbox does not make', async () => {
    const resource = await create();
    const update = resourceType(service, 'AWS::DynamoDB::Table').update(
      requestFor({ ...properties, GlobalSecondaryIndexes: [] }),
      resource,
      properties,
    );
    await expect(update).rejects.toThrow(/GlobalSecondaryIndexes/);
  });

  test.each([
    { KeySchema: [] },
    { KeySchema: [{ AttributeName: 'undefined', KeyType: 'HASH' }] },
    { BillingMode: 'FREE' },
    { TimeToLiveSpecification: { Enabled: true, Unit: 's' } },
  ])('is refused with %j', async (changed) => {
    await expect(create(changed)).rejects.toMatchObject({ code: 'ValidationException' });
  });
});

describe('authorization', () => {
  beforeEach(() => create());

  test('asks for the index when there is one', async () => {
    const query = { KeyConditionExpression: 'client = :c', ExpressionAttributeValues: { ':c': { S: 'mail' } } };
    await client.send(new QueryCommand({ TableName, IndexName: 'by-client', ...query }));
    expect(served.authorizations).toMatchObject([
      { action: 'dynamodb:Query', resource: `${TABLE_ARN}/index/by-client` },
    ]);
  });

  test('comes before anything is written', async () => {
    served.denied.add('dynamodb:PutItem');
    await expect(put({})).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(await get()).toBeUndefined();
  });
});

describe('the wire', () => {
  test('an operation or parameter that is not emulated fails by name', async () => {
    await create();
    await expect(client.send(new TransactWriteItemsCommand({ TransactItems: [] }))).rejects.toThrow(
      /TransactWriteItems/,
    );
    await expect(put({}, { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })).rejects.toThrow(
      /ReturnValuesOnConditionCheckFailure/,
    );
  });

  test.each([
    '{',
    '[]',
    '{}',
    '{"TableName": 1}',
    '{"TableName": "registry"}',
    '{"TableName": "registry", "Key": {"pk": "text"}}',
    '{"TableName": "../../etc/passwd", "Key": {}}',
    '{"TableName": "registry", "Key": {"__proto__": {"S": "x"}}}',
    `{"TableName": "${'x'.repeat(5000)}", "Key": {}}`,
  ])('the body %s is answered with an error of the protocol', async (body) => {
    await create();
    const headers = { 'x-amz-target': 'DynamoDB_20120810.GetItem' };
    const answer = await send(service.api, { headers, body });
    expect(answer.status).toBe(400);
    expect(JSON.parse(String(answer.body))).toMatchObject({ __type: expect.stringMatching(/Exception$/) });
  });
});
