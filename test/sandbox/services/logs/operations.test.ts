import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { CloudWatchLogsService } from '../../../../sandbox/services/logs';
import { requestFor, resourceType } from '../resource-request';
import { send } from '../serve';

const GROUP = '/aws/lambda/mail';

let clock: Clock;
let logs: CloudWatchLogsService;

beforeEach(async () => {
  clock = new Clock();
  logs = new CloudWatchLogsService({ account: SANDBOX_ACCOUNT, clock });
  for (const [line, stream] of [
    ['START one', 'a'],
    ['ERROR one', 'a'],
    ['START two', 'b'],
    ['END two', 'b'],
  ] as const) {
    logs.append(GROUP, line, stream);
    await clock.advance(1000);
  }
});

afterEach(() => clock.close());

async function ask(operation: string, input: object) {
  const headers = { 'x-amz-target': `Logs_20140328.${operation}` };
  const { status, body } = await send(logs.api, { headers, body: JSON.stringify(input) });
  return { status, ...JSON.parse(String(body)) };
}

const messages = async (input: object) => {
  const { events } = await ask('FilterLogEvents', { logGroupName: GROUP, ...input });
  return (events as { message: string }[]).map(({ message }) => message);
};

test('events are those of all streams, or of some, in the order of their time', async () => {
  expect(await messages({ interleaved: true })).toEqual(['START one', 'ERROR one', 'START two', 'END two']);
  expect(await messages({ logStreamNames: ['b'] })).toEqual(['START two', 'END two']);
  expect(await messages({ logStreamNamePrefix: 'a' })).toEqual(['START one', 'ERROR one']);
  const arn = `arn:aws:logs:us-east-1:123456789012:log-group:${GROUP}`;
  const byArn = await ask('FilterLogEvents', { logGroupIdentifier: arn });
  expect(byArn.events).toHaveLength(4);
});

test('events are limited to a time', async () => {
  const { events } = await ask('FilterLogEvents', { logGroupName: GROUP });
  const [, second, third] = events as { timestamp: number }[];
  expect(await messages({ startTime: second?.timestamp, endTime: third?.timestamp })).toEqual([
    'ERROR one',
    'START two',
  ]);
});

test.each([
  ['START', ['START one', 'START two']],
  ['START -two', ['START one']],
  ['?ERROR ?END', ['ERROR one', 'END two']],
  ['"START two"', ['START two']],
  ['one ?ERROR', ['ERROR one']],
  ['start', []],
])('the pattern %j finds %j', async (filterPattern, expected) => {
  expect(await messages({ filterPattern })).toEqual(expected);
});

test.each(['{ $.level = "ERROR" }', '[time, level]', '%one%'])(
  'the pattern %j fails by name',
  async (filterPattern) => {
    const answer = await ask('FilterLogEvents', { logGroupName: GROUP, filterPattern });
    expect(answer).toMatchObject({ status: 400, __type: 'InvalidParameterException' });
    expect(answer.message).toContain('patterns of terms only');
  },
);

test('pages of events follow each other', async () => {
  const first = await ask('FilterLogEvents', { logGroupName: GROUP, limit: 3 });
  expect(first.events).toHaveLength(3);
  expect(await messages({ limit: 3, nextToken: first.nextToken })).toEqual(['END two']);
  const ids = (first.events as { eventId: string }[]).map(({ eventId }) => eventId);
  expect(ids).toEqual([...new Set(ids)].sort());
});

test('the events of one stream are read from either end, and further as they come', async () => {
  const read = (input: object) => ask('GetLogEvents', { logGroupName: GROUP, logStreamName: 'b', ...input });
  expect((await read({ limit: 1 })).events).toMatchObject([{ message: 'END two' }]);
  const head = await read({ limit: 1, startFromHead: true });
  expect(head.events).toMatchObject([{ message: 'START two' }]);
  const next = await read({ nextToken: head.nextForwardToken });
  expect(next.events).toMatchObject([{ message: 'END two' }]);
  const end = await read({ nextToken: next.nextForwardToken });
  expect(end).toMatchObject({ events: [], nextForwardToken: next.nextForwardToken });
  logs.append(GROUP, 'later', 'b');
  expect((await read({ nextToken: end.nextForwardToken })).events).toMatchObject([{ message: 'later' }]);
  expect((await read({ nextToken: next.nextBackwardToken })).events).toMatchObject([{ message: 'START two' }]);
});

test('groups and streams are listed', async () => {
  await resourceType(logs, 'AWS::Logs::LogGroup').create(
    requestFor({ LogGroupName: '/mesh/x', RetentionInDays: '30' }),
  );
  const { logGroups } = await ask('DescribeLogGroups', {});
  expect(logGroups).toMatchObject([{ logGroupName: GROUP }, { logGroupName: '/mesh/x', retentionInDays: 30 }]);
  expect((await ask('DescribeLogGroups', { logGroupNamePrefix: '/mesh' })).logGroups).toHaveLength(1);
  const newest = { logGroupName: GROUP, orderBy: 'LastEventTime', descending: true };
  expect((await ask('DescribeLogStreams', newest)).logStreams).toMatchObject([
    { logStreamName: 'b' },
    { logStreamName: 'a' },
  ]);
});

test.each([
  ['FilterLogEvents', { logGroupName: '/missing' }, 'ResourceNotFoundException'],
  ['GetLogEvents', { logGroupName: GROUP, logStreamName: 'missing' }, 'ResourceNotFoundException'],
  ['GetLogEvents', { logGroupName: GROUP, logStreamName: 'a', nextToken: 'x' }, 'InvalidParameterException'],
  ['FilterLogEvents', {}, 'InvalidParameterException'],
  ['StartQuery', {}, 'UnknownOperationException'],
])('%s of %j fails as %s', async (operation, input, code) => {
  expect(await ask(operation, input)).toMatchObject({ status: 400, __type: code });
});
