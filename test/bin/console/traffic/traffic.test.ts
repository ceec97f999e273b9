import { MeshTraffic } from '../../../../bin/console/traffic/traffic';
import { accessLine, denialLine, MemoryLogs, NOW, otherLine } from './lines';

const signal = new AbortController().signal;
const MINUTE = 60_000;

function open(changed: { accessLog?: undefined; otherPaths?: readonly string[] } = {}) {
  const logs = new MemoryLogs();
  const [access, denials] = [[], []] as ReturnType<typeof otherLine>[][];
  logs.groups.set('access', access ?? []);
  logs.groups.set('authorizer', denials ?? []);
  const traffic = new MeshTraffic({
    trustDomain: 'mesh.example.com',
    logs,
    findLogGroups: async () => ({ accessLog: 'access', authorizerLog: 'authorizer', otherPaths: [], ...changed }),
    explain: ({ client, method, path }) => `${client} may ${method} ${path}`,
  });
  return { logs, access, denials, read: () => traffic.read(new Date(NOW), signal) };
}

test('calls are counted by client and service, with those that failed and those without a grant', async () => {
  const { access, denials, read } = open();
  denials?.push(
    denialLine({ code: 'NOT_GRANTED', reason: 'client mail has no grant for GET /users/names' }),
    denialLine({ code: 'NOT_GRANTED', reason: 'client mail has no grant for POST /schedule/events' }),
    denialLine({ code: 'REVOKED', reason: 'client mail has no grant for POST /schedule/events' }),
  );
  access?.push(
    accessLine({}, NOW - 3_000),
    accessLine({ path: '/schedule' }, NOW - 2_000),
    accessLine({ status: '502' }, NOW - 1_000),
    accessLine({ clientName: 'social', path: '/users/names' }),
  );
  expect((await read()).calls).toEqual([
    {
      from: 'client-mail',
      to: 'service-schedule',
      allowed: 3,
      failed: 1,
      refused: 1,
      lastAt: new Date(NOW - 1_000).toISOString(),
    },
    expect.objectContaining({ from: 'client-social', to: 'service-users', allowed: 1, failed: 0, refused: 0 }),
    expect.objectContaining({ from: 'client-mail', to: 'service-users', allowed: 0, failed: 0, refused: 1 }),
  ]);
});

test('refusals are counted by reason, with the callers, the most frequent first', async () => {
  const { denials, read } = open();
  denials?.push(
    denialLine({ code: 'EXPIRED' }),
    denialLine(),
    denialLine({ subject: 'CN=unknown' }),
    denialLine({ subject: undefined }),
    denialLine({}, NOW - 500),
  );
  expect((await read()).refusals).toEqual([
    {
      code: 'REVOKED',
      count: 4,
      lastAt: new Date(NOW - 500).toISOString(),
      callers: [
        { caller: 'mail', count: 2 },
        { caller: 'CN=unknown', count: 1 },
        { caller: 'unknown', count: 1 },
      ],
    },
    expect.objectContaining({ code: 'EXPIRED', count: 1 }),
  ]);
});

test('decisions are the latest first, each with why', async () => {
  const { access, denials, read } = open();
  access?.push(accessLine({}, NOW - 2_000), accessLine({ clientName: '-', status: '403' }));
  denials?.push(denialLine({}, NOW - 1_000), denialLine({ subject: 'CN=partner' }, NOW - 3_000));
  const { decisions } = await read();
  expect(decisions).toEqual([
    expect.objectContaining({
      isAllowed: false,
      clientName: 'mail',
      code: 'REVOKED',
      why: 'client mail is refused: the certificate is revoked',
    }),
    expect.objectContaining({
      isAllowed: true,
      clientName: 'mail',
      request: 'GET /schedule/events',
      status: 200,
      why: 'mail may GET /schedule/events',
    }),
    expect.objectContaining({ isAllowed: false, clientName: undefined, subject: 'CN=partner' }),
  ]);
});

test('requests are counted by minute, and refused ones once', async () => {
  const { access, denials, read } = open();
  access?.push(
    accessLine({}, NOW - 14.5 * MINUTE),
    accessLine({}, NOW - 1),
    accessLine({}, NOW),
    accessLine({ clientName: '-', status: '403' }, NOW - 1),
  );
  denials?.push(denialLine({}, NOW - 1));
  const { minutes } = await read();
  expect(minutes).toHaveLength(15);
  expect([minutes[0], minutes[14]]).toEqual([
    { allowed: 1, refused: 0 },
    { allowed: 2, refused: 1 },
  ]);
});

test('answers of the gateway alone are counted by status, without those of the authorizer', async () => {
  const { access, read } = open();
  for (const status of ['404', '429', '429', '403']) access?.push(accessLine({ clientName: '-', status }));
  expect((await read()).unidentified).toEqual([
    { status: 429, count: 2 },
    { status: 404, count: 1 },
  ]);
});

test('the view says what it does not contain', async () => {
  const protectedApi = open({ otherPaths: ['/reports'] });
  protectedApi.access?.push(otherLine('{"clientName":"a","clientName":"b"}'));
  expect((await protectedApi.read()).gaps).toEqual([
    "Of calls to /reports, only refusals are known: the access log of the mesh doesn't have the others.",
    "Lines of the access log that can't be read, or can be read in two ways: 1.",
  ]);

  const busy = open();
  busy.access?.push(...Array.from({ length: 21 }, () => accessLine()));
  expect((await busy.read()).gaps).toEqual([
    'There are more lines in the logs than the console reads: the numbers are too low.',
  ]);

  const withoutLog = open({ accessLog: undefined });
  withoutLog.denials?.push(denialLine());
  const { gaps, refusals } = await withoutLog.read();
  expect(gaps).toEqual(['The stage of the API has no access log, so only refusals are known.']);
  expect(refusals).toHaveLength(1);
});
