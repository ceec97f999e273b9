import { type AttributeValue, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { OperatorError } from '../../../bin/operator/mesh';
import { RegistryTable } from '../../../bin/operator/registry-table';
import { toItem } from '../../../registry/items';
import { certificateKey, clientKey, identityKey, REGISTRY_KEYS, type RegistryKey } from '../../../registry/records';
import { SANDBOX_ACCOUNT } from '../../../sandbox/account';
import { Clock } from '../../../sandbox/clock';
import { DynamoDb } from '../../../sandbox/services/dynamodb';
import { requestFor, resourceType } from '../../sandbox/services/resource-request';
import { type Served, serve } from '../../sandbox/services/serve';
import { certificateOf, clientOf, externalClientOf } from './memory-mesh';

const TableName = 'mtls-mesh.mesh.example.com';
const { partitionKey, sortKey } = REGISTRY_KEYS;
const mail = clientOf('mail', { dnsNames: ['mail.example.com'] });
const certificate = certificateOf('mail', '0A');
const revocation = {
  revokedAt: '2026-11-22T12:00:00.000Z',
  revokedBy: 'alex',
  revocationReason: 'KEY_COMPROMISE',
} as const;

let served: Served;
let dynamodb: DynamoDBClient;
let registry: RegistryTable;

const marshalled = (record: object) => toItem(record) as Record<string, AttributeValue>;
const put = (key: RegistryKey, record: object) =>
  dynamodb.send(new PutItemCommand({ TableName, Item: marshalled({ ...key, ...record }) }));

beforeEach(async () => {
  const service = new DynamoDb({ account: SANDBOX_ACCOUNT, clock: new Clock() });
  served = await serve(service.api);
  dynamodb = new DynamoDBClient(served.client);
  registry = new RegistryTable(dynamodb, TableName);
  await resourceType(service, 'AWS::DynamoDB::Table').create(
    requestFor({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: partitionKey, KeyType: 'HASH' },
        { AttributeName: sortKey, KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [partitionKey, sortKey].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    }),
  );
  await put(clientKey('mail'), mail);
  await put(certificateKey('mail', certificate.fingerprint), certificate);
});

afterEach(async () => {
  dynamodb.destroy();
  await served.close();
});

test('a client is read with its certificates', async () => {
  expect(await registry.entry('mail')).toEqual({ client: mail, certificates: [certificate] });
  expect(await registry.entry('social')).toBeUndefined();
});

test('all clients are read, more than a page of them, without certificates of clients that are gone', async () => {
  const gone = certificateOf('gone', '0C');
  await put(certificateKey('gone', gone.fingerprint), gone);
  // DynamoDB answers with at most 1 MB at a time.
  const dnsNames = Array.from({ length: 3_000 }, (_, index) => `${index}.${'x'.repeat(50)}.example.com`);
  for (let index = 0; index < 8; index += 1) await put(clientKey(`c${index}`), clientOf(`c${index}`, { dnsNames }));

  const entries = await registry.entries();

  expect(entries.map(({ client }) => client.clientName).sort()).toEqual([
    ...Array.from({ length: 8 }, (_, index) => `c${index}`),
    'mail',
  ]);
});

test('an external client is read, disabled like any other, and not confused with what leads to it', async () => {
  const billing = externalClientOf('billing');
  await put(clientKey('billing'), billing);
  await put(identityKey('0a'), { clientName: 'billing', authority: 'PEM' });

  const change = { state: 'DISABLED', updatedAt: '2026-11-22T12:00:00.000Z', updatedBy: 'alex' } as const;
  await registry.setState('billing', change);

  expect(await registry.entry('billing')).toEqual({ client: { ...billing, ...change }, certificates: [] });
  expect(await registry.entries()).toHaveLength(2);
});

test('a client that changes from one kind to the other is one that the mesh issues for', async () => {
  await put(clientKey('mail'), { ...externalClientOf('mail'), ...mail });
  expect((await registry.entry('mail'))?.client).toEqual(mail);
});

test('a revocation is written once: a second one finds it', async () => {
  expect(await registry.markRevoked(certificate, revocation)).toBe(true);
  expect(await registry.markRevoked(certificate, { ...revocation, revocationReason: 'SUPERSEDED' })).toBe(false);
  await registry.markAuthorityTold(certificate, '2026-11-22T12:00:01.000Z');

  expect((await registry.entry('mail'))?.certificates).toEqual([
    { ...certificate, status: 'REVOKED', ...revocation, revokedAtAuthority: '2026-11-22T12:00:01.000Z' },
  ]);
});

test('nothing is written for a certificate or a client that is not there', async () => {
  expect(await registry.markRevoked(certificateOf('mail', '0F'), revocation)).toBe(false);
  const change = { state: 'DISABLED', updatedAt: 'now', updatedBy: 'alex' } as const;
  await expect(registry.setState('social', change)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });

  expect(await registry.entries()).toEqual([{ client: mail, certificates: [certificate] }]);
});

test('a state is changed and nothing else of the client', async () => {
  const change = { state: 'DISABLED', updatedAt: '2026-11-22T12:00:00.000Z', updatedBy: 'alex' } as const;
  await registry.setState('mail', change);
  expect((await registry.entry('mail'))?.client).toEqual({ ...mail, ...change });
});

test('a mesh that there is not is named with the place where it was looked for', async () => {
  const elsewhere = new RegistryTable(dynamodb, 'mtls-mesh.other.example.com');
  for (const read of [() => elsewhere.entries(), () => elsewhere.entry('mail')]) {
    const refused: unknown = await read().catch((error) => error);
    expect(refused).toBeInstanceOf(OperatorError);
    expect(refused).toHaveProperty(
      'message',
      'there is no such mesh in us-east-1: its registry would be the table mtls-mesh.other.example.com',
    );
  }
});

test('no more is asked than an operator is allowed', async () => {
  served.authorizations.length = 0;
  await registry.entry('mail');
  await registry.entries();
  await registry.markRevoked(certificate, revocation);
  expect(new Set(served.authorizations.map(({ action }) => action))).toEqual(
    new Set(['dynamodb:Query', 'dynamodb:Scan', 'dynamodb:UpdateItem']),
  );
});

test('an item that is no client of ours is an error that names it', async () => {
  await put(clientKey('broken'), { clientName: 'broken' });
  await expect(registry.entries()).rejects.toThrow('CLIENT#broken');
});
