import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  GetParameterCommand,
  GetParametersCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  type PutParameterCommandInput,
  RemoveTagsFromResourceCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { CallLog } from '../../../../sandbox/endpoint/call-log';
import { Endpoint } from '../../../../sandbox/endpoint/server';
import { Faults } from '../../../../sandbox/faults';
import { IamService } from '../../../../sandbox/services/iam';
import { SsmService } from '../../../../sandbox/services/ssm';
import { requestFor, resourceType } from '../resource-request';

let endpoint: Endpoint;
let iam: IamService;
let service: SsmService;
let client: SSMClient;

beforeEach(async () => {
  const surroundings = { account: SANDBOX_ACCOUNT, clock: new Clock() };
  iam = new IamService(surroundings);
  service = new SsmService(surroundings);
  endpoint = await Endpoint.listen();
  endpoint.serve({
    accounts: [{ apis: [service.api], iam }],
    clock: surroundings.clock,
    faults: new Faults(),
    calls: new CallLog(),
    killProcessOf: async () => undefined,
    receiveCustomResourceResponse: () => false,
  });
  client = clientOf(iam.operator);
});

afterEach(() => endpoint.close());

function clientOf(principal: string): SSMClient {
  const credentials = iam.issueCredentials(principal);
  return new SSMClient({ endpoint: endpoint.url, region: 'us-east-1', credentials, maxAttempts: 1 });
}

const put = (input: Partial<PutParameterCommandInput>, from = client) =>
  from.send(new PutParameterCommand({ Name: '/mesh/ca', Value: 'v', Type: 'String', ...input }));
const get = async (Name: string) => (await client.send(new GetParameterCommand({ Name }))).Parameter;
const errorOf = (sent: Promise<unknown>) =>
  sent.then(
    () => 'none',
    ({ name }: Error) => name,
  );
const text = (length: number) => 'x'.repeat(length);

test('a parameter is overwritten only on request', async () => {
  expect(await put({ Value: 'one' })).toMatchObject({ Version: 1, Tier: 'Standard' });
  expect(await errorOf(put({ Value: 'two' }))).toBe('ParameterAlreadyExists');
  expect(await errorOf(put({ Value: 'two', Overwrite: false }))).toBe('ParameterAlreadyExists');
  expect((await get('/mesh/ca'))?.Value).toBe('one');
  expect(await put({ Value: 'two', Overwrite: true, Type: undefined })).toMatchObject({ Version: 2 });
  expect(await get('/mesh/ca')).toMatchObject({
    ARN: 'arn:aws:ssm:us-east-1:123456789012:parameter/mesh/ca',
    Value: 'two',
    Version: 2,
    Type: 'String',
  });
  expect((await get('/mesh/ca:1'))?.Value).toBe('one');
});

test.each([
  ['Standard', 4096, 'Standard'],
  ['Standard', 4097, 'ValidationException'],
  [undefined, 4097, 'ValidationException'],
  ['Advanced', 1, 'Advanced'],
  ['Advanced', 8192, 'Advanced'],
  ['Advanced', 8193, 'ValidationException'],
  ['Intelligent-Tiering', 4096, 'Standard'],
  ['Intelligent-Tiering', 8192, 'Advanced'],
  ['Intelligent-Tiering', 8193, 'ValidationException'],
] as const)('a value of the tier %s with %i bytes: %s', async (Tier, length, expected) => {
  const outcome = await put({ Tier, Value: text(length) }).then(
    (answer) => answer.Tier,
    ({ name }: Error) => name,
  );
  expect(outcome).toBe(expected);
});

test('counts the bytes of a value, not its characters', async () => {
  expect(await errorOf(put({ Value: 'é'.repeat(2049) }))).toBe('ValidationException');
  expect(await errorOf(put({ Value: 'é'.repeat(2048) }))).toBe('none');
});

test('an advanced parameter stays advanced', async () => {
  await put({ Tier: 'Advanced' });
  expect(await errorOf(put({ Tier: 'Standard', Overwrite: true }))).toBe('ValidationException');
  expect(await put({ Overwrite: true, Tier: 'Intelligent-Tiering' })).toMatchObject({ Tier: 'Advanced' });
  expect(await put({ Overwrite: true, Value: text(8192) })).toMatchObject({ Tier: 'Advanced', Version: 3 });
});

test('keeps the last hundred versions', async () => {
  await put({});
  for (let i = 2; i <= 102; i += 1) await put({ Value: String(i), Overwrite: true });
  expect((await get('/mesh/ca'))?.Version).toBe(102);
  expect((await get('/mesh/ca:3'))?.Value).toBe('3');
  expect(await errorOf(get('/mesh/ca:2'))).toBe('ParameterVersionNotFound');
});

test.each([
  [{ Name: 'a b' }, 'ValidationException'],
  [{ Name: 'a/b' }, 'ValidationException'],
  [{ Name: '/aws/x' }, 'ValidationException'],
  [{ Name: 'SSM-x' }, 'ValidationException'],
  [{ Name: 'arn:aws:ssm:us-east-1:123456789012:parameter/x' }, 'ValidationException'],
  [{ Name: text(1000) }, 'ValidationException'],
  [{ Name: '/a'.repeat(16) }, 'HierarchyLevelLimitExceededException'],
  [{ Type: undefined }, 'ValidationException'],
  [{ Value: '' }, 'ValidationException'],
  [{ Value: '{{ssm:other}}' }, 'ValidationException'],
  [{ AllowedPattern: '^\\d+$' }, 'ParameterPatternMismatchException'],
  [{ AllowedPattern: '(' }, 'InvalidAllowedPatternException'],
  [{ Tier: 'Standard', Policies: '[]' }, 'ValidationException'],
  [{ Overwrite: true, Tags: [{ Key: 'a', Value: 'b' }] }, 'ValidationException'],
] as const)('refuses %j', async (input, error) => {
  expect(await errorOf(put(input as Partial<PutParameterCommandInput>))).toBe(error);
});

test('keeps the pattern and the kind of a parameter', async () => {
  await put({ AllowedPattern: '^v' });
  expect(await errorOf(put({ Overwrite: true, Value: 'w' }))).toBe('ParameterPatternMismatchException');
  expect(await errorOf(put({ Overwrite: true, Type: 'SecureString' }))).toBe('HierarchyTypeMismatchException');
});

test('a missing parameter or version is not found', async () => {
  await put({});
  expect(await errorOf(client.send(new DeleteParameterCommand({ Name: '/none' })))).toBe('ParameterNotFound');
  expect(await errorOf(get('/none'))).toBe('ParameterNotFound');
  const answer = await client.send(new GetParametersCommand({ Names: ['/mesh/ca', '/mesh/ca:2', '/none'] }));
  expect(answer.InvalidParameters).toEqual(['/mesh/ca:2', '/none']);
  await client.send(new DeleteParameterCommand({ Name: '/mesh/ca' }));
  expect(await errorOf(get('/mesh/ca'))).toBe('ParameterNotFound');
});

test('a parameter has tags', async () => {
  const resource = { ResourceType: 'Parameter', ResourceId: '/mesh/ca' } as const;
  const tags = async () => (await client.send(new ListTagsForResourceCommand(resource))).TagList;
  expect(await errorOf(tags())).toBe('InvalidResourceId');
  await put({ Tags: [{ Key: 'team', Value: 'mail' }] });
  await client.send(new AddTagsToResourceCommand({ ...resource, Tags: [{ Key: 'stage', Value: 'test' }] }));
  expect(await tags()).toEqual([
    { Key: 'team', Value: 'mail' },
    { Key: 'stage', Value: 'test' },
  ]);
  await client.send(new RemoveTagsFromResourceCommand({ ...resource, TagKeys: ['team'] }));
  expect(await tags()).toEqual([{ Key: 'stage', Value: 'test' }]);
});

describe('the policies of the caller', () => {
  async function roleWith(Action: string | string[], Condition?: object): Promise<SSMClient> {
    const Resource = 'arn:aws:ssm:us-east-1:123456789012:parameter/mesh/*';
    const statement = { Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) };
    const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
    const role = await resourceType(iam, 'AWS::IAM::Role').create(
      requestFor({
        AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] },
        Policies: [{ PolicyName: 'p', PolicyDocument: { Version: '2012-10-17', Statement: [statement] } }],
      }),
    );
    return clientOf(String(role.attributes.Arn));
  }
  const DENIED = 'AccessDeniedException';

  test('decide which parameters it puts', async () => {
    const role = await roleWith('ssm:PutParameter');
    expect(await errorOf(put({ Name: '/mesh/one' }, role))).toBe('none');
    expect(await errorOf(put({ Name: '/other/one' }, role))).toBe(DENIED);
    expect(await errorOf(put({ Name: '/mesh' }, role))).toBe(DENIED);
    expect(await errorOf(role.send(new DeleteParameterCommand({ Name: '/mesh/one' })))).toBe(DENIED);
  });

  test('decide whether it overwrites and tags', async () => {
    const creator = await roleWith('ssm:PutParameter', { StringEquals: { 'ssm:Overwrite': 'false' } });
    expect(await errorOf(put({}, creator))).toBe('none');
    expect(await errorOf(put({ Overwrite: true }, creator))).toBe(DENIED);
    const Tags = [{ Key: 'team', Value: 'mail' }];
    expect(await errorOf(put({ Name: '/mesh/tagged', Tags }, creator))).toBe(DENIED);
    const tagging = await roleWith(['ssm:PutParameter', 'ssm:AddTagsToResource']);
    expect(await errorOf(put({ Name: '/mesh/tagged', Tags }, tagging))).toBe('none');
  });

  test('can depend on the tags of a parameter', async () => {
    await put({ Name: '/mesh/mail', Tags: [{ Key: 'team', Value: 'mail' }] });
    await put({ Name: '/mesh/social', Tags: [{ Key: 'team', Value: 'social' }] });
    const role = await roleWith('ssm:GetParameter', { StringEquals: { 'aws:ResourceTag/team': 'mail' } });
    expect(await errorOf(role.send(new GetParameterCommand({ Name: '/mesh/mail' })))).toBe('none');
    expect(await errorOf(role.send(new GetParameterCommand({ Name: '/mesh/social' })))).toBe(DENIED);
  });
});
