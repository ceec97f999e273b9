import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { SecretsManagerService } from '../../../../sandbox/services/secrets-manager';
import { requestFor, resourceType } from '../resource-request';
import { type Served, send, serve } from '../serve';

const DAY = 24 * 60 * 60 * 1000;
const TOKEN_1 = '11111111-1111-1111-1111-111111111111';
const TOKEN_2 = '22222222-2222-2222-2222-222222222222';
const TOKEN_3 = '33333333-3333-3333-3333-333333333333';

let clock: Clock;
let service: SecretsManagerService;
let served: Served;
let client: SecretsManagerClient;

beforeEach(async () => {
  clock = new Clock();
  service = new SecretsManagerService(
    { account: SANDBOX_ACCOUNT, clock },
    {
      functions: { invoke: async () => null, assertMayInvoke: () => undefined },
      events: { put: () => undefined },
      keys: { authorizeUse: () => undefined },
    },
  );
  served = await serve(service.api);
  client = new SecretsManagerClient(served.client);
});

afterEach(async () => {
  client.destroy();
  await served.close();
});

const put = (token: string, value: string, VersionStages?: string[]) =>
  client.send(
    new PutSecretValueCommand({ SecretId: 'mail', ClientRequestToken: token, SecretString: value, VersionStages }),
  );
const get = (selector: { VersionId?: string; VersionStage?: string } = {}) =>
  client.send(new GetSecretValueCommand({ SecretId: 'mail', ...selector }));
const describe_ = () => client.send(new DescribeSecretCommand({ SecretId: 'mail' }));

describe('a secret', () => {
  test('has an ARN of its name, a hyphen and six random characters', async () => {
    const { ARN } = await client.send(new CreateSecretCommand({ Name: 'mesh.example.com/mail' }));
    expect(ARN).toMatch(
      /^arn:aws:secretsmanager:us-east-1:123456789012:secret:mesh\.example\.com\/mail-[A-Za-z0-9]{6}$/,
    );
  });

  test('is found by name, by ARN and by ARN without its suffix', async () => {
    const { ARN = '' } = await client.send(new CreateSecretCommand({ Name: 'mail', SecretString: 'one' }));
    for (const SecretId of ['mail', ARN, ARN.slice(0, -7)]) {
      expect(await client.send(new GetSecretValueCommand({ SecretId }))).toMatchObject({ ARN, SecretString: 'one' });
    }
  });

  test('without a value has no version, and reading it says which label is missing', async () => {
    await client.send(new CreateSecretCommand({ Name: 'mail' }));
    await expect(get()).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    });
    expect((await describe_()).VersionIdsToStages).toBeUndefined();
  });

  test('that does not exist is not found', async () => {
    await expect(get()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(describe_()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('keeps bytes as bytes', async () => {
    const SecretBinary = Buffer.from([0, 255, 128, 10]);
    await client.send(new CreateSecretCommand({ Name: 'mail', SecretBinary }));
    expect(Buffer.from((await get()).SecretBinary ?? [])).toEqual(SecretBinary);
  });

  test('cannot be created twice, except by the same request', async () => {
    const request = { Name: 'mail', SecretString: 'one', ClientRequestToken: TOKEN_1 };
    const first = await client.send(new CreateSecretCommand(request));
    expect(await client.send(new CreateSecretCommand(request))).toMatchObject({ ARN: first.ARN, VersionId: TOKEN_1 });
    await expect(client.send(new CreateSecretCommand({ Name: 'mail' }))).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
  });

  test.each(['', 'spaces in it', 'semi;colon', 'ünïcode', 'a'.repeat(513), 'new\nline'])(
    'refuses the name %j',
    async (Name) => {
      await expect(client.send(new CreateSecretCommand({ Name }))).rejects.toMatchObject({
        name: 'ValidationException',
      });
    },
  );
});

describe('versions', () => {
  beforeEach(() => client.send(new CreateSecretCommand({ Name: 'mail' })));

  test('a first value is AWSCURRENT even when only another label was asked for', async () => {
    const { VersionStages } = await put(TOKEN_1, 'one', ['AWSPENDING']);
    expect(VersionStages?.sort()).toEqual(['AWSCURRENT', 'AWSPENDING']);
  });

  test('a new value moves AWSCURRENT and leaves AWSPREVIOUS where it was', async () => {
    await put(TOKEN_1, 'one');
    await put(TOKEN_2, 'two');
    await put(TOKEN_3, 'three');
    expect((await describe_()).VersionIdsToStages).toEqual({ [TOKEN_2]: ['AWSPREVIOUS'], [TOKEN_3]: ['AWSCURRENT'] });
    expect((await get({ VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('two');
    expect((await get({ VersionId: TOKEN_1 })).SecretString).toBe('one');
  });

  test('a repeated token with the same value changes nothing', async () => {
    await put(TOKEN_1, 'one');
    await put(TOKEN_2, 'two');
    await put(TOKEN_1, 'one');
    expect((await get()).SecretString).toBe('two');
  });

  test('a repeated token with another value is refused', async () => {
    await put(TOKEN_1, 'one');
    await expect(put(TOKEN_1, 'two')).rejects.toMatchObject({ name: 'ResourceExistsException' });
    expect((await get()).SecretString).toBe('one');
  });

  test('a version and a label that do not belong together are refused', async () => {
    await put(TOKEN_1, 'one');
    await expect(get({ VersionId: TOKEN_1, VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  test('versions without a label are listed only as deprecated', async () => {
    await put(TOKEN_1, 'one');
    await put(TOKEN_2, 'two');
    await put(TOKEN_3, 'three');
    const ids = async (IncludeDeprecated: boolean) => {
      const answer = await client.send(new ListSecretVersionIdsCommand({ SecretId: 'mail', IncludeDeprecated }));
      return answer.Versions?.map((version) => version.VersionId);
    };
    expect(await ids(false)).toEqual([TOKEN_2, TOKEN_3]);
    expect(await ids(true)).toEqual([TOKEN_1, TOKEN_2, TOKEN_3]);
  });

  test.each([
    [{ ClientRequestToken: 'too-short', SecretString: 'one' }, 'InvalidParameterException'],
    [{ ClientRequestToken: 'x'.repeat(65), SecretString: 'one' }, 'InvalidParameterException'],
    [{ SecretString: 'x'.repeat(65_537) }, 'ValidationException'],
  ])('a put outside the documented lengths is refused', async (request, name) => {
    await expect(client.send(new PutSecretValueCommand({ SecretId: 'mail', ...request }))).rejects.toMatchObject({
      name,
    });
  });

  test('secrets are read together, and those that cannot be read are told of', async () => {
    const put = { SecretId: 'mail', ClientRequestToken: TOKEN_1, SecretString: 'one' };
    await client.send(new PutSecretValueCommand(put));
    const SecretIdList = ['mail', 'missing'];
    const { SecretValues, Errors } = await client.send(new BatchGetSecretValueCommand({ SecretIdList }));
    expect(SecretValues).toMatchObject([{ Name: 'mail', SecretString: 'one', VersionStages: ['AWSCURRENT'] }]);
    expect(Errors).toMatchObject([{ SecretId: 'missing', ErrorCode: 'ResourceNotFoundException' }]);
    const Filters = [{ Key: 'name' as const, Values: ['ma'] }];
    expect((await client.send(new BatchGetSecretValueCommand({ Filters }))).SecretValues).toHaveLength(1);

    served.denied.add('secretsmanager:GetSecretValue');
    const denied = await client.send(new BatchGetSecretValueCommand({ SecretIdList }));
    expect(denied.SecretValues).toEqual([]);
    expect(denied.Errors?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      'AccessDeniedException',
      'AccessDeniedException',
    ]);
    for (const input of [{}, { SecretIdList, Filters }]) {
      await expect(client.send(new BatchGetSecretValueCommand(input))).rejects.toMatchObject({
        name: 'InvalidParameterException',
      });
    }
  });

  test('a version of any name that does not exist is not found', async () => {
    const read = client.send(new GetSecretValueCommand({ SecretId: 'mail', VersionId: 'short' }));
    await expect(read).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('a version without labels and a secret without tags have no empty lists', async () => {
    for (const token of [TOKEN_1, TOKEN_2, TOKEN_3]) {
      await client.send(
        new PutSecretValueCommand({ SecretId: 'mail', ClientRequestToken: token, SecretString: token }),
      );
    }
    const read = await client.send(new GetSecretValueCommand({ SecretId: 'mail', VersionId: TOKEN_1 }));
    expect(read.SecretString).toBe(TOKEN_1);
    expect(read.VersionStages).toBeUndefined();
    expect((await describe_()).Tags).toBeUndefined();
  });

  test('a put needs text or bytes and not both', async () => {
    for (const value of [{}, { SecretString: 'one', SecretBinary: Buffer.from('one') }]) {
      await expect(client.send(new PutSecretValueCommand({ SecretId: 'mail', ...value }))).rejects.toMatchObject({
        name: 'InvalidParameterException',
      });
    }
  });
});

describe('moving a staging label', () => {
  const move = (VersionStage: string, MoveToVersionId?: string, RemoveFromVersionId?: string) =>
    client.send(
      new UpdateSecretVersionStageCommand({ SecretId: 'mail', VersionStage, MoveToVersionId, RemoveFromVersionId }),
    );

  beforeEach(async () => {
    await client.send(new CreateSecretCommand({ Name: 'mail', SecretString: 'one', ClientRequestToken: TOKEN_1 }));
    await put(TOKEN_2, 'two', ['AWSPENDING']);
  });

  test('AWSCURRENT moves when the version it leaves is named, and AWSPREVIOUS moves itself', async () => {
    await move('AWSCURRENT', TOKEN_2, TOKEN_1);
    const { VersionIdsToStages } = await describe_();
    expect(VersionIdsToStages?.[TOKEN_1]).toEqual(['AWSPREVIOUS']);
    expect(VersionIdsToStages?.[TOKEN_2]?.sort()).toEqual(['AWSCURRENT', 'AWSPENDING']);
  });

  test('a label moves from nowhere without naming a version to leave', async () => {
    await move('REVIEWED', TOKEN_2);
    expect((await describe_()).VersionIdsToStages?.[TOKEN_2]).toContain('REVIEWED');
  });

  test.each([undefined, TOKEN_2])('AWSCURRENT does not move when the version to leave is given as %j', async (from) => {
    await expect(move('AWSCURRENT', TOKEN_2, from)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  test('AWSCURRENT cannot be taken away altogether', async () => {
    await expect(move('AWSCURRENT', undefined, TOKEN_1)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  test('another label can be taken away', async () => {
    await move('AWSPENDING', undefined, TOKEN_2);
    await expect(get({ VersionStage: 'AWSPENDING' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test.each([
    ['AWSCURRENT', TOKEN_1, TOKEN_2],
    ['AWSPENDING', undefined, TOKEN_1],
    ['REVIEWED', TOKEN_2, TOKEN_1],
    ['REVIEWED', undefined, TOKEN_1],
  ])('%s does not move to %j from a version that does not have it', async (label, to, from) => {
    await expect(move(label, to, from)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    const { VersionIdsToStages } = await describe_();
    expect(VersionIdsToStages).toEqual({ [TOKEN_1]: ['AWSCURRENT'], [TOKEN_2]: ['AWSPENDING'] });
  });

  test('a move that names the version left fails when it is repeated', async () => {
    await move('AWSCURRENT', TOKEN_2, TOKEN_1);
    await expect(move('AWSCURRENT', TOKEN_2, TOKEN_1)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  test('a put takes a label of its own from the version before and leaves AWSCURRENT where it is', async () => {
    await put(TOKEN_2, 'two', ['AWSPENDING']);
    await put(TOKEN_3, 'three', ['DEPLOYMENT']);
    const { VersionStages } = await put('44444444-4444-4444-4444-444444444444', 'four', ['DEPLOYMENT']);
    expect(VersionStages).toEqual(['DEPLOYMENT']);
    expect((await describe_()).VersionIdsToStages).toEqual({
      [TOKEN_1]: ['AWSCURRENT'],
      [TOKEN_2]: ['AWSPENDING'],
      '44444444-4444-4444-4444-444444444444': ['DEPLOYMENT'],
    });
  });

  test('a version has at most 20 labels', async () => {
    for (let count = 1; count < 20; count++) await move(`LABEL-${count}`, TOKEN_2);
    await expect(move('LABEL-20', TOKEN_2)).rejects.toMatchObject({ name: 'LimitExceededException' });
  });

  test('an unknown version is not found', async () => {
    await expect(move('AWSCURRENT', TOKEN_3, TOKEN_1)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('deletion', () => {
  beforeEach(() => client.send(new CreateSecretCommand({ Name: 'mail', SecretString: 'one' })));

  test('keeps the name until the recovery window ends', async () => {
    await client.send(new DeleteSecretCommand({ SecretId: 'mail', RecoveryWindowInDays: 7 }));
    await expect(get()).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(client.send(new CreateSecretCommand({ Name: 'mail' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining('already scheduled for deletion'),
    });
    await clock.advance(7 * DAY + 1000);
    await client.send(new CreateSecretCommand({ Name: 'mail' }));
  });

  test('without recovery frees the name at once, and may be repeated', async () => {
    const force = () => client.send(new DeleteSecretCommand({ SecretId: 'mail', ForceDeleteWithoutRecovery: true }));
    await force();
    await force();
    await client.send(new CreateSecretCommand({ Name: 'mail' }));
  });

  test.each([
    { RecoveryWindowInDays: 6 },
    { RecoveryWindowInDays: 31 },
    { RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true },
  ])('refuses %j', async (window) => {
    await expect(client.send(new DeleteSecretCommand({ SecretId: 'mail', ...window }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });
});

describe('listing', () => {
  test('filters by name prefix and pages through the rest', async () => {
    for (const Name of ['mesh/mail', 'mesh/social', 'mesh/schedule', 'other']) {
      await client.send(new CreateSecretCommand({ Name }));
    }
    const Filters = [{ Key: 'name' as const, Values: ['mesh/'] }];
    const first = await client.send(new ListSecretsCommand({ Filters, MaxResults: 2, SortOrder: 'asc' }));
    const second = await client.send(
      new ListSecretsCommand({ Filters, MaxResults: 2, SortOrder: 'asc', NextToken: first.NextToken }),
    );
    const names = [first, second].flatMap((page) => page.SecretList ?? []).map((secret) => secret.Name);
    expect(names).toEqual(['mesh/mail', 'mesh/social', 'mesh/schedule']);
    expect(second.NextToken).toBeUndefined();
  });

  test('refuses a token that no page handed out', async () => {
    await expect(client.send(new ListSecretsCommand({ NextToken: '../../etc' }))).rejects.toMatchObject({
      name: 'InvalidNextTokenException',
    });
  });
});

describe('authorization', () => {
  test('asks for the ARN of the secret, with the label that is read and the tags it has', async () => {
    const { ARN } = await client.send(new CreateSecretCommand({ Name: 'mail', SecretString: 'one' }));
    await client.send(new TagResourceCommand({ SecretId: 'mail', Tags: [{ Key: 'team', Value: 'mail' }] }));
    await get();
    expect(served.authorizations.at(-1)).toMatchObject({
      action: 'secretsmanager:GetSecretValue',
      resource: ARN,
      conditionKeys: { 'secretsmanager:VersionStage': 'AWSCURRENT', 'aws:ResourceTag/team': 'mail' },
    });
  });

  test('comes before a caller can learn whether the secret exists', async () => {
    served.denied.add('secretsmanager:GetSecretValue');
    await expect(get()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('the wire', () => {
  test('an operation that is not emulated fails by name', async () => {
    await expect(client.send(new RestoreSecretCommand({ SecretId: 'mail' }))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining('RestoreSecret'),
    });
  });

  test('a parameter that is not emulated fails by name', async () => {
    const AddReplicaRegions = [{ Region: 'eu-west-1' }];
    await expect(client.send(new CreateSecretCommand({ Name: 'mail', AddReplicaRegions }))).rejects.toThrow(
      /AddReplicaRegions/,
    );
  });

  test.each([
    '{',
    '[]',
    'null',
    '"text"',
    '{"SecretId": 1}',
    '{"SecretId": {"toString": "x"}}',
    '{"__proto__": {"SecretId": "x"}}',
  ])('the body %s is answered with an error of the protocol', async (body) => {
    const headers = { 'x-amz-target': 'secretsmanager.GetSecretValue' };
    const answer = await send(service.api, { headers, body });
    expect(answer.status).toBe(400);
    expect(JSON.parse(String(answer.body))).toMatchObject({ __type: expect.stringMatching(/Exception$/) });
  });
});

describe('in a template', () => {
  const secretType = () => resourceType(service, 'AWS::SecretsManager::Secret');
  test('a secret without SecretString starts empty, and its reference is its ARN', async () => {
    const { physicalId, attributes } = await secretType().create(requestFor({ Name: 'mail' }));
    expect(physicalId).toMatch(/:secret:mail-/);
    expect(attributes).toEqual({ Id: physicalId });
    await expect(get()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('a secret without Name is named after its logical id', async () => {
    const { physicalId } = await secretType().create(requestFor({}));
    expect(physicalId).toMatch(/:secret:Thing-[A-Za-z0-9]{12}-[A-Za-z0-9]{6}$/);
  });

  test('an update writes a version only when the value in the template changes', async () => {
    const before = { Name: 'mail', SecretString: 'one' };
    const resource = await secretType().create(requestFor(before));
    await put(TOKEN_1, 'from outside');
    const after = { ...before, Description: 'of the mail app' };
    await secretType().update(requestFor(after), resource, before);
    expect((await get()).SecretString).toBe('from outside');
    await secretType().update(requestFor({ ...after, SecretString: 'two' }), resource, after);
    expect((await get()).SecretString).toBe('two');
    expect((await describe_()).Description).toBe('of the mail app');
  });

  test('deletion frees the name, and deleting again is no error', async () => {
    const resource = await secretType().create(requestFor({ Name: 'mail' }));
    await secretType().delete(requestFor({ Name: 'mail' }), resource);
    await secretType().delete(requestFor({ Name: 'mail' }), resource);
    await secretType().create(requestFor({ Name: 'mail' }));
  });

  test('a generated value is as long as asked, without the excluded characters', async () => {
    const GenerateSecretString = { PasswordLength: 64, ExcludeCharacters: '"\\\'' };
    await secretType().create(requestFor({ Name: 'mail', GenerateSecretString }));
    expect((await get()).SecretString).toMatch(/^[^"\\' ]{64}$/);
  });

  test('a generated value can be letters and digits alone', async () => {
    const GenerateSecretString = { PasswordLength: 4096, ExcludePunctuation: true };
    await secretType().create(requestFor({ Name: 'mail', GenerateSecretString }));
    expect((await get()).SecretString).toMatch(/^[A-Za-z0-9]{4096}$/);
  });

  test('a resource policy is read back and given to every authorization', async () => {
    const { physicalId: SecretId } = await secretType().create(requestFor({ Name: 'mail', SecretString: 'one' }));
    const ResourcePolicy = { Statement: [{ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }] };
    const policyType = resourceType(service, 'AWS::SecretsManager::ResourcePolicy');
    const policy = await policyType.create(requestFor({ SecretId, ResourcePolicy }));
    await get();
    expect(served.authorizations.at(-1)?.resourcePolicy).toEqual(ResourcePolicy);
    const read = await client.send(new GetResourcePolicyCommand({ SecretId }));
    expect(JSON.parse(read.ResourcePolicy ?? '')).toEqual(ResourcePolicy);
    await policyType.delete(requestFor({ SecretId, ResourcePolicy }), policy);
    await get();
    expect(served.authorizations.at(-1)?.resourcePolicy).toBeUndefined();
  });
});

describe('a secret that is provided', () => {
  const foreign = 'arn:aws:secretsmanager:eu-west-1:999999999999:secret:partner/key-AbCdEf';

  test.each(['mail/database', 'arn:aws:secretsmanager:us-east-1:123456789012:secret:mail/database-AbCdEf', foreign])(
    'is found as %s, and gets a version for another text',
    async (id) => {
      service.provide(id, 'one');
      service.provide(id, 'one');
      const first = await client.send(new GetSecretValueCommand({ SecretId: id }));
      expect(first.SecretString).toBe('one');
      service.provide(id, 'two');
      const second = await client.send(new GetSecretValueCommand({ SecretId: id }));
      expect(second).toMatchObject({ SecretString: 'two', ARN: first.ARN });
      const previous = await client.send(new GetSecretValueCommand({ SecretId: id, VersionStage: 'AWSPREVIOUS' }));
      expect(previous.VersionId).toBe(first.VersionId);
    },
  );
});

describe('a generated secret of a template', () => {
  const create = (GenerateSecretString: object) =>
    resourceType(service, 'AWS::SecretsManager::Secret').create(requestFor({ Name: 'mail', GenerateSecretString }));

  test('is a document with a password among the values of its template', async () => {
    await create({ SecretStringTemplate: '{"username":"mail"}', GenerateStringKey: 'password', PasswordLength: 20 });
    const { SecretString = '' } = await get();
    expect(JSON.parse(SecretString)).toEqual({ username: 'mail', password: expect.stringMatching(/^[!-~]{20}$/) });
  });

  test('has at least one of each kind of characters, and none of those left out', async () => {
    await create({ PasswordLength: 4 });
    const { SecretString = '' } = await get();
    for (const kind of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/]) expect(SecretString).toMatch(kind);
  });

  test('can be of few characters', async () => {
    await create({ ExcludeLowercase: true, ExcludeUppercase: true, ExcludePunctuation: true, ExcludeCharacters: '01' });
    expect((await get()).SecretString).toMatch(/^[2-9]{32}$/);
  });

  test.each([
    [{ SecretStringTemplate: '{}' }, 'must be given together'],
    [{ SecretStringTemplate: '[]', GenerateStringKey: 'a' }, 'must be a JSON object'],
    [{ SecretStringTemplate: '{', GenerateStringKey: 'a' }, 'must be a JSON object'],
    [{ PasswordLength: 3 }, 'no password has such a length'],
    [
      { ExcludeLowercase: true, ExcludeUppercase: true, ExcludePunctuation: true, ExcludeNumbers: true },
      'no password has such a length',
    ],
  ])('with %j is refused', async (options, reason) => {
    await expect(create(options)).rejects.toThrow(reason);
  });
});
