import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { IamService } from '../../../../sandbox/services/iam';
import { StsService } from '../../../../sandbox/services/sts';
import { requestFor, resourceType } from '../resource-request';
import { type Served, send, serve } from '../serve';

let served: Served;
let client: STSClient;
beforeEach(async () => {
  const surroundings = { account: SANDBOX_ACCOUNT, clock: new Clock() };
  const iam = new IamService(surroundings);
  served = await serve(new StsService(surroundings, iam).api);
  client = new STSClient(served.client);
});
afterEach(async () => {
  client.destroy();
  await served.close();
});

test('tells callers who they are, without any permission', async () => {
  await expect(client.send(new GetCallerIdentityCommand({}))).resolves.toMatchObject({
    Arn: 'arn:aws:iam::123456789012:role/tester',
    Account: SANDBOX_ACCOUNT.id,
  });
  expect(served.authorizations).toEqual([]);
});

test('tells nobody whether a role exists', async () => {
  const input = { RoleArn: 'arn:aws:iam::123456789012:role/other', RoleSessionName: 'test' };

  await expect(client.send(new AssumeRoleCommand(input))).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining('sts:AssumeRole on resource: arn:aws:iam::123456789012:role/other'),
  });
});

test('tells a function the session of its role', async () => {
  const surroundings = { account: SANDBOX_ACCOUNT, clock: new Clock() };
  const iam = new IamService(surroundings);
  await resourceType(iam, 'AWS::IAM::Role').create(
    requestFor({ RoleName: 'tester', AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] } }),
  );
  const { body } = await send(new StsService(surroundings, iam).api, {
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  });
  expect(String(body)).toContain('<Arn>arn:aws:sts::123456789012:assumed-role/tester/sandbox</Arn>');
  expect(String(body)).toMatch(/<UserId>AROA[0-9A-F]{16}:sandbox<\/UserId>/);
});
