import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { CloudWatchLogsService } from '../../../../sandbox/services/logs';
import { requestFor, resourceType } from '../resource-request';

function newLogs() {
  const logs = new CloudWatchLogsService({ account: SANDBOX_ACCOUNT, clock: new Clock() });
  return { logs, type: resourceType(logs, 'AWS::Logs::LogGroup') };
}

test('makes a log group under the name that its template gives, or one of its own', async () => {
  const { logs, type } = newLogs();
  const named = await type.create(
    requestFor({
      LogGroupName: '/mesh/access',
      RetentionInDays: 30,
      KmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/1',
    }),
  );
  const unnamed = await type.create(requestFor({}));
  expect(named.physicalId).toBe('/mesh/access');
  expect(named.attributes.Arn).toBe('arn:aws:logs:us-east-1:123456789012:log-group:/mesh/access:*');
  expect(unnamed.physicalId).toMatch(/^mesh-Thing-[0-9A-F]{12}$/);
  expect(logs.groups()).toEqual([named.physicalId, unnamed.physicalId]);
});

test('refuses to make a log group that exists', async () => {
  const { type } = newLogs();
  await type.create(requestFor({ LogGroupName: '/mesh/access' }));
  await expect(type.create(requestFor({ LogGroupName: '/mesh/access' }))).rejects.toThrow('already exists');
});

test('keeps lines in order until the group is deleted', async () => {
  const { logs, type } = newLogs();
  const group = await type.create(requestFor({}));
  logs.append(group.physicalId, 'first');
  logs.append(group.physicalId, 'second');
  expect(logs.lines(group.physicalId)).toEqual(['first', 'second']);
  await type.delete(requestFor({}), group);
  expect(logs.lines(group.physicalId)).toEqual([]);
  expect(logs.groups()).toEqual([]);
});

test('keeps the newest lines of a group that grows without end', () => {
  const { logs } = newLogs();
  for (let i = 0; i < 10_005; i++) logs.append('/mesh/access', String(i));
  expect(logs.lines('/mesh/access')).toHaveLength(10_000);
  expect(logs.lines('/mesh/access').at(-1)).toBe('10004');
});
