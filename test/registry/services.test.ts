import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { functionConnection } from '../../aws/connection';
import { sendHttpRequest } from '../../aws/http-request';
import { RegistryLookup } from '../../registry/lookup';
import { type DeclaredService, ServiceRegistry } from '../../registry/services';
import type { RegistryRecord } from '../../registry/stored-records';
import { RegistrySurvey } from '../../registry/survey';
import { DynaliteTable } from './dynalite-table';

const NOW = new Date('2026-11-22T12:00:00Z');
const LATER = new Date('2026-11-22T12:01:00Z');
const TableName = 'mtls-mesh.mesh.example.com';
const signal = new AbortController().signal;

const schedule: DeclaredService = {
  serviceName: 'schedule',
  apiId: 'a1b2c3',
  grants: ['mail POST /schedule/events', 'mail GET /schedule', 'social ANY /schedule/*'],
  declaredBy: 'stack Schedule',
  updatedAt: '2026-11-22T12:00:00.000Z',
};

describe('the services in DynamoDB', () => {
  let table: DynaliteTable;
  let sdk: DynamoDBClient;
  let services: ServiceRegistry;

  beforeEach(async () => {
    table = await DynaliteTable.open(TableName);
    sdk = table.sdk;
    services = new ServiceRegistry(TableName, functionConnection(process.env));
  });
  afterEach(() => table.close());

  const grantsOf = async (clientName: string) => {
    const { grants } = await new RegistryLookup(TableName, functionConnection(process.env)).findIssued(
      clientName,
      'AA',
    );
    return grants.map(({ apiId, text }) => `${apiId} ${text}`).sort();
  };
  const listed = async () => {
    const records: RegistryRecord[] = [];
    const survey = new RegistrySurvey(TableName, functionConnection(process.env));
    for await (const record of survey.services(signal)) records.push(record);
    return records;
  };

  test('give each client its grants', async () => {
    await services.register(schedule, false, signal);

    await expect(grantsOf('mail')).resolves.toEqual(['a1b2c3 GET /schedule', 'a1b2c3 POST /schedule/events']);
    await expect(grantsOf('social')).resolves.toEqual(['a1b2c3 ANY /schedule/*']);
    await expect(grantsOf('users')).resolves.toEqual([]);
    await expect(listed()).resolves.toEqual([
      {
        kind: 'service',
        service: {
          ...schedule,
          clientNames: ['mail', 'social'],
          revision: Date.parse(schedule.updatedAt),
        },
      },
    ]);
  });

  test('give all clients the grants of all', async () => {
    await services.register({ ...schedule, grants: ['* GET /schedule/*'] }, false, signal);

    const common = await new RegistryLookup(TableName, functionConnection(process.env)).findGrantsOfAllClients();
    expect(common.map(({ apiId, text }) => `${apiId} ${text}`)).toEqual(['a1b2c3 GET /schedule/*']);
    await expect(grantsOf('users')).resolves.toEqual([]);
  });

  test('take back what an update no longer has, of this service alone', async () => {
    await services.register(schedule, false, signal);
    const other = { ...schedule, serviceName: 'my-files', grants: ['mail ANY /my-files/*', 'social GET /my-files'] };
    await services.register({ ...other, declaredBy: 'stack MyFiles' }, false, signal);
    await services.register({ ...schedule, grants: ['mail PUT /schedule'] }, true, signal);

    await expect(grantsOf('mail')).resolves.toEqual(['a1b2c3 ANY /my-files/*', 'a1b2c3 PUT /schedule']);
    await expect(grantsOf('social')).resolves.toEqual(['a1b2c3 GET /my-files']);

    await expect(services.remove('schedule', 'stack Schedule', NOW, signal)).resolves.toBe(true);
    await expect(grantsOf('mail')).resolves.toEqual(['a1b2c3 ANY /my-files/*']);
    await expect(services.remove('schedule', 'stack Schedule', NOW, signal)).resolves.toBe(false);
  });

  test('belong to the resource that declared them first', async () => {
    await services.register(schedule, false, signal);
    const thief = { ...schedule, grants: ['users ANY /schedule/*'], declaredBy: 'thief Schedule' };

    for (const isUpdate of [false, true]) {
      await expect(services.register(thief, isUpdate, signal)).rejects.toThrow(
        'service schedule is already declared by the resource stack Schedule: remove that resource in an earlier deployment',
      );
    }
    await expect(grantsOf('users')).resolves.toEqual([]);
    await expect(services.remove('schedule', 'thief Schedule', NOW, signal)).resolves.toBe(false);
    await expect(grantsOf('social')).resolves.toEqual(['a1b2c3 ANY /schedule/*']);
  });

  test('follow a resource that its stack gave another logical ID', async () => {
    await services.register(schedule, false, signal);
    await services.register({ ...schedule, declaredBy: 'stack Renamed' }, true, signal);

    await expect(services.remove('schedule', 'stack Schedule', NOW, signal)).resolves.toBe(false);
    await expect(services.remove('schedule', 'stack Renamed', NOW, signal)).resolves.toBe(true);
    const { Items } = await sdk.send(new ScanCommand({ TableName }));
    const left = Items?.map((item) =>
      Object.keys(item)
        .filter((name) => !/^(partition|sort)Key$/.test(name))
        .sort(),
    );
    expect(left?.sort()).toEqual([['expiresAt', 'revision'], ['revision_schedule'], ['revision_schedule']]);
  });

  test('an interrupted run leaves nothing that the next one does not find', async () => {
    await services.register(schedule, false, signal);
    let writes = 0;
    const interrupted = new ServiceRegistry(TableName, {
      ...functionConnection(process.env),
      // The service's record is written, and the grants are not.
      send: async (url, request, ...rest) => {
        if (String(request.body).includes('UpdateExpression') && ++writes > 1) throw new Error('killed');
        return sendHttpRequest(url, request, ...rest);
      },
    });
    await expect(
      interrupted.register({ ...schedule, grants: ['users GET /schedule'] }, true, AbortSignal.timeout(500)),
    ).rejects.toThrow();

    await expect(services.remove('schedule', 'stack Schedule', NOW, signal)).resolves.toBe(true);
    for (const client of ['mail', 'social', 'users']) await expect(grantsOf(client)).resolves.toEqual([]);
  });

  test('a run that CloudFormation has not waited for leaves nothing that a later one has taken back', async () => {
    await services.register({ ...schedule, grants: ['mail GET /schedule'] }, false, signal);
    let isLate = true;
    const late = new ServiceRegistry(TableName, {
      ...functionConnection(process.env),
      // The rollback runs as a whole after the first run has recorded the service, and before it writes the grants.
      send: async (url, request, ...rest) => {
        if (isLate && String(request.body).includes('"sortKey":{"S":"GRANTS"}')) {
          isLate = false;
          const updatedAt = LATER.toISOString();
          await services.register({ ...schedule, grants: ['mail GET /schedule'], updatedAt }, true, signal);
        }
        return sendHttpRequest(url, request, ...rest);
      },
    });
    await late.register({ ...schedule, grants: ['mail GET /schedule', 'social ANY /schedule/*'] }, true, signal);

    expect(isLate).toBe(false);
    await expect(grantsOf('social')).resolves.toEqual([]);
    await expect(grantsOf('mail')).resolves.toEqual(['a1b2c3 GET /schedule']);
  });

  test('a run that ends after the service was removed leaves no grants', async () => {
    let isLate = true;
    const late = new ServiceRegistry(TableName, {
      ...functionConnection(process.env),
      send: async (url, request, ...rest) => {
        if (isLate && String(request.body).includes('"sortKey":{"S":"GRANTS"}')) {
          isLate = false;
          await services.remove('schedule', 'stack Schedule', LATER, signal);
        }
        return sendHttpRequest(url, request, ...rest);
      },
    });
    await late.register(schedule, false, signal);
    for (const client of ['mail', 'social']) await expect(grantsOf(client)).resolves.toEqual([]);
  });

  /** A registry whose second call waits for other work: after it has read the service, and before it records it. */
  const slow = (work: () => Promise<unknown>) => {
    let calls = 0;
    return new ServiceRegistry(TableName, {
      ...functionConnection(process.env),
      send: async (url, request, ...rest) => {
        if (++calls === 2) await work();
        return sendHttpRequest(url, request, ...rest);
      },
    });
  };
  const later = { ...schedule, grants: ['mail GET /schedule'], updatedAt: LATER.toISOString() };

  test.each<[string, () => Promise<unknown>]>([
    ['after', async () => services.register(later, true, signal)],
    ['while', async () => undefined],
  ])('a request that runs again %s a later one runs gives no grant back', async (_when, first) => {
    await services.register(schedule, false, signal);
    await first();
    const again = slow(() => services.register(later, true, signal)).register(schedule, false, signal);
    await expect(again).rejects.toThrow('a later request has changed service schedule, so nothing changes');

    await expect(grantsOf('mail')).resolves.toEqual(['a1b2c3 GET /schedule']);
    await expect(grantsOf('social')).resolves.toEqual([]);
  });

  test('a request that runs again while the service is removed does not bring it back', async () => {
    await services.register(schedule, false, signal);
    const again = slow(() => services.remove('schedule', 'stack Schedule', LATER, signal));
    await expect(again.register(schedule, false, signal)).rejects.toThrow(
      'a later request has changed service schedule',
    );
    await expect(listed()).resolves.toEqual([]);
    await expect(grantsOf('mail')).resolves.toEqual([]);
  });

  test('a request takes back the grants of an earlier one that records them at the same time', async () => {
    const registering = slow(() => services.register(schedule, false, signal));
    await registering.register(later, true, signal);
    await expect(grantsOf('social')).resolves.toEqual([]);

    const grants = ['users GET /schedule'];
    const updatedAt = new Date(LATER.getTime() + 1).toISOString();
    const removing = slow(() => services.register({ ...schedule, grants, updatedAt }, true, signal));
    await removing.remove('schedule', 'stack Schedule', new Date(LATER.getTime() + 2), signal);
    await expect(grantsOf('users')).resolves.toEqual([]);
  });

  test('a removal that runs again removes nothing that was declared again', async () => {
    await services.register(schedule, false, signal);
    await services.remove('schedule', 'stack Schedule', NOW, signal);
    await services.register(later, false, signal);
    await expect(services.remove('schedule', 'stack Schedule', NOW, signal)).resolves.toBe(false);
    await expect(grantsOf('mail')).resolves.toEqual(['a1b2c3 GET /schedule']);
  });

  test('may be declared by another resource after a removal', async () => {
    await services.register(schedule, false, signal);
    await services.remove('schedule', 'stack Schedule', NOW, signal);
    await expect(listed()).resolves.toEqual([]);

    await services.register({ ...schedule, declaredBy: 'other Schedule' }, false, signal);
    await expect(grantsOf('social')).resolves.toEqual(['a1b2c3 ANY /schedule/*']);
    const { Items = [] } = await sdk.send(new ScanCommand({ TableName }));
    expect(Items.filter((item) => item['expiresAt'])).toEqual([]);
  });

  test('with hundreds of clients are written within the limits of a call', async () => {
    const grants = Array.from({ length: 250 }, (_, index) => `client-${index} GET /schedule/{id}`);
    await services.register({ ...schedule, grants }, false, signal);

    await expect(grantsOf('client-249')).resolves.toEqual(['a1b2c3 GET /schedule/{id}']);
    await expect(services.remove('schedule', 'stack Schedule', NOW, signal)).resolves.toBe(true);
    await expect(grantsOf('client-249')).resolves.toEqual([]);
  }, 30_000);
});
