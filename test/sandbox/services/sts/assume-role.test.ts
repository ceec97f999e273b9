import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { CallLog } from '../../../../sandbox/endpoint/call-log';
import { Endpoint } from '../../../../sandbox/endpoint/server';
import { Faults } from '../../../../sandbox/faults';
import { type Credentials, IamService } from '../../../../sandbox/services/iam';
import { StsService } from '../../../../sandbox/services/sts';
import { requestFor, resourceType } from '../resource-request';

const ISSUER = 'arn:aws:iam::111111111111:role/issuer';
const WRITER = 'arn:aws:iam::222222222222:role/mtls-mesh/writer';

class AccountOfTest {
  readonly iam: IamService;
  readonly apis;

  constructor(id: string, clock: Clock) {
    const surroundings = { account: { ...SANDBOX_ACCOUNT, id }, clock };
    this.iam = new IamService(surroundings);
    this.apis = [new StsService(surroundings, this.iam).api];
  }

  async addRole(name: string, trust: object, allowed: object[] = [], path = '/'): Promise<void> {
    const policy = (Statement: object) => ({ Version: '2012-10-17', Statement });
    await resourceType(this.iam, 'AWS::IAM::Role').create(
      requestFor({
        RoleName: name,
        Path: path,
        AssumeRolePolicyDocument: policy(trust),
        Policies: allowed.map((statement) => ({ PolicyName: 'test', PolicyDocument: policy(statement) })),
      }),
    );
  }
}

let clock: Clock;
let endpoint: Endpoint;
let issuing: AccountOfTest;
let other: AccountOfTest;
beforeEach(async () => {
  clock = new Clock();
  issuing = new AccountOfTest('111111111111', clock);
  other = new AccountOfTest('222222222222', clock);
  endpoint = await Endpoint.listen();
  endpoint.serve({
    accounts: [issuing, other],
    clock,
    faults: new Faults(),
    calls: new CallLog(),
    killProcessOf: async () => undefined,
    receiveCustomResourceResponse: () => false,
  });
});
afterEach(async () => {
  clock.close();
  await endpoint.close();
});

const trustOf = (AWS: string, Condition: object = {}) => ({
  Effect: 'Allow',
  Principal: { AWS },
  Action: 'sts:AssumeRole',
  Condition,
});
const mayAssume = (Resource: string) => ({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource });
const nobody = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };

function client(credentials: Credentials & { readonly sessionToken?: string }): STSClient {
  return new STSClient({ endpoint: endpoint.url, region: 'us-east-1', credentials, maxAttempts: 1 });
}

function assume(input: Partial<AssumeRoleCommandInput> = {}) {
  const command = new AssumeRoleCommand({ RoleArn: WRITER, RoleSessionName: 'test', ...input });
  return client(issuing.iam.issueRoleCredentials(ISSUER)).send(command);
}

test('a role of another account is assumed if both accounts allow it', async () => {
  await issuing.addRole('issuer', nobody, [mayAssume('arn:aws:iam::222222222222:role/mtls-mesh/*')]);
  const condition = { ArnEquals: { 'aws:PrincipalArn': ISSUER } };
  await other.addRole('writer', trustOf('arn:aws:iam::111111111111:root', condition), [], '/mtls-mesh/');

  const { Credentials: given } = await assume({ DurationSeconds: 900 });
  const credentials = {
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  };
  const whoAmI = () => client(credentials).send(new GetCallerIdentityCommand({}));
  await expect(whoAmI()).resolves.toMatchObject({
    Account: '222222222222',
    Arn: 'arn:aws:sts::222222222222:assumed-role/writer/sandbox',
  });
  expect(given?.Expiration?.getTime()).toBeLessThanOrEqual(clock.now().getTime() + 900_000);
  await clock.advance(901_000);
  await expect(whoAmI()).rejects.toMatchObject({ name: expect.stringContaining('ExpiredToken') });
});

const allowed = [mayAssume(WRITER)];
test.each<[string, object[], object, string]>([
  ['whose trust policy names no caller', allowed, nobody, 'no resource-based policy'],
  [
    'whose trust policy names another account',
    allowed,
    trustOf('arn:aws:iam::333333333333:root'),
    'no resource-based policy',
  ],
  [
    'whose trust policy limits the role of the caller',
    allowed,
    trustOf('111111111111', { ArnEquals: { 'aws:PrincipalArn': 'arn:aws:iam::111111111111:role/another' } }),
    'no resource-based policy',
  ],
  [
    'whose trust policy asks for an external ID',
    allowed,
    trustOf('111111111111', { StringEquals: { 'sts:ExternalId': 'mesh.example.com' } }),
    'no resource-based policy',
  ],
  ['that the policies of the caller do not name', [], trustOf(ISSUER), 'no identity-based policy'],
])('a role of another account is refused %s', async (_what, identity, trust, reason) => {
  await issuing.addRole('issuer', nobody, identity);
  await other.addRole('writer', trust, [], '/mtls-mesh/');

  await expect(assume()).rejects.toMatchObject({ name: 'AccessDenied', message: expect.stringContaining(reason) });
});

test('an external ID counts', async () => {
  await issuing.addRole('issuer', nobody, allowed);
  const condition = { StringEquals: { 'sts:ExternalId': 'mesh.example.com' } };
  await other.addRole('writer', trustOf('111111111111', condition), [], '/mtls-mesh/');

  await expect(assume({ ExternalId: 'mesh.example.com' })).resolves.toHaveProperty('Credentials');
});

test('within an account, all permissions of the caller do not replace the trust policy', async () => {
  await issuing.addRole('issuer', nobody, [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
  await issuing.addRole('closed', nobody);
  await issuing.addRole('open', trustOf('arn:aws:iam::111111111111:root'));
  const role = (name: string) => ({ RoleArn: `arn:aws:iam::111111111111:role/${name}` });

  await expect(assume(role('closed'))).rejects.toMatchObject({ name: 'AccessDenied' });
  await expect(assume(role('open'))).resolves.toHaveProperty('Credentials');
});
