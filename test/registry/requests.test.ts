import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { functionConnection } from '../../aws/connection';
import { requestsKey } from '../../registry/records';
import { ResourceRequests } from '../../registry/requests';
import { DynaliteTable } from './dynalite-table';

const TableName = 'mtls-mesh.mesh.example.com';
const RESOURCE = 'arn:aws:cloudformation:eu-central-1:111122223333:stack/mesh/1 Mail';
const NOW = new Date('2026-11-22T12:00:00Z');
const signal = new AbortController().signal;

describe('the requests for a resource', () => {
  let table: DynaliteTable;
  let requests: ResourceRequests;

  beforeEach(async () => {
    table = await DynaliteTable.open(TableName);
    requests = new ResourceRequests(TableName, functionConnection(process.env));
  });
  afterEach(() => table.close());

  const begin = (requestId: string, resource = RESOURCE) => requests.begin(resource, requestId, NOW, signal);
  const stale = { name: 'StaleRequestError' };

  test('may run in their order, and the last one again', async () => {
    await begin('create');
    await begin('create');
    await begin('update');
    await begin('update');
    await begin('delete');
  });

  test('are recorded at times that grow, also if the clock stands still, and keep them when they run again', async () => {
    await expect(begin('create')).resolves.toEqual(NOW);
    await expect(begin('update')).resolves.toEqual(new Date(NOW.getTime() + 1));
    const later = new Date(NOW.getTime() + 5_000);
    await expect(requests.begin(RESOURCE, 'update', later, signal)).resolves.toEqual(new Date(NOW.getTime() + 1));
    await expect(requests.begin(RESOURCE, 'delete', later, signal)).resolves.toEqual(later);
  });

  test('may not run again after a later one', async () => {
    for (const id of ['create', 'update', 'delete', 'create again']) await begin(id);
    for (const id of ['create', 'update', 'delete']) await expect(begin(id)).rejects.toMatchObject(stale);
    await begin('create again');
  });

  test('are those of one resource', async () => {
    await begin('one');
    await begin('two', 'stack Other');
    await begin('one');
  });

  test('at the same time have an order all the same', async () => {
    const ids = ['a', 'b', 'c', 'd'];
    await Promise.all(ids.map((id) => begin(id)));
    const again = await Promise.allSettled(ids.map((id) => begin(id)));
    expect(again.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('are forgotten a day after the last one, and all but ten of them before', async () => {
    for (let i = 0; i < 12; i++) await begin(String(i));
    const { partitionKey, sortKey } = requestsKey(RESOURCE);
    const Key = { partitionKey: { S: partitionKey }, sortKey: { S: sortKey } };
    const { Item = {} } = await table.sdk.send(new GetItemCommand({ TableName, Key }));
    expect(Item['requests']?.L).toHaveLength(10);
    expect(Item['expiresAt']?.N).toBe(String(NOW.getTime() / 1_000 + 86_400));
  });
});
