import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { StsService } from '../../../../sandbox/services/sts';
import { type Served, serve } from '../serve';

let served: Served;
let client: STSClient;
beforeEach(async () => {
  served = await serve(new StsService({ account: SANDBOX_ACCOUNT, clock: new Clock() }).api);
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

test('assumes no role', async () => {
  const input = { RoleArn: 'arn:aws:iam::123456789012:role/other', RoleSessionName: 'test' };

  await expect(client.send(new AssumeRoleCommand(input))).rejects.toThrow('AssumeRole');
});
