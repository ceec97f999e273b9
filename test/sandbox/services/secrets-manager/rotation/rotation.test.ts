import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  type RotateSecretCommandInput,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { SANDBOX_ACCOUNT } from '../../../../../sandbox/account';
import { Clock } from '../../../../../sandbox/clock';
import type { Properties } from '../../../../../sandbox/cloudformation/resource-type';
import { AccessDenied } from '../../../../../sandbox/endpoint/api';
import { SecretsManagerService } from '../../../../../sandbox/services/secrets-manager';
import type { RotationEvent } from '../../../../../sandbox/services/secrets-manager/rotation/ports';
import { duringWork } from '../../../../interval';
import { requestFor, resourceType } from '../../resource-request';
import { type Served, serve } from '../../serve';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:issuer';
const TOKEN = '11111111-1111-1111-1111-111111111111';
const OTHER_TOKEN = '22222222-2222-2222-2222-222222222222';
const SCHEDULE = { RotationLambdaARN: FUNCTION_ARN, RotationRules: { AutomaticallyAfterDays: 3 } };

let clock: Clock;
let service: SecretsManagerService;
let served: Served;
let client: SecretsManagerClient;
/** Steps that the function was invoked for, each with its token. */
let steps: [RotationEvent['Step'], string][];
/** Names of the events that were reported. */
let reported: string[];
/** How often each step is yet to fail. */
let failures: Partial<Record<RotationEvent['Step'], number>>;
let isPermitted: boolean;
/** Whether the function does what finishSecret is for. */
let finishes: boolean;
/** What the function does before it begins a step. */
let before: (event: RotationEvent) => Promise<unknown>;

beforeEach(async () => {
  clock = new Clock();
  steps = [];
  reported = [];
  failures = {};
  isPermitted = true;
  finishes = true;
  before = async () => undefined;
  service = new SecretsManagerService(
    { account: SANDBOX_ACCOUNT, clock },
    {
      functions: {
        invoke: (functionArn, event) => {
          expect(functionArn).toBe(FUNCTION_ARN);
          return rotationFunction(event);
        },
        assertMayInvoke(functionArn, principalService, sourceArn) {
          expect([functionArn, principalService]).toEqual([FUNCTION_ARN, 'secretsmanager.amazonaws.com']);
          expect(sourceArn).toMatch(/:secret:mail-/);
          if (!isPermitted) throw new AccessDenied('no resource-based policy allows it');
        },
      },
      events: { put: ({ detail }) => void reported.push(String(detail.eventName)) },
      keys: { authorizeUse: () => undefined },
    },
  );
  served = await serve(service.api);
  client = new SecretsManagerClient(served.client);
  await client.send(new CreateSecretCommand({ Name: 'mail', SecretString: 'first', ClientRequestToken: OTHER_TOKEN }));
});

afterEach(async () => {
  clock.close();
  client.destroy();
  await served.close();
});

const get = (selector: { VersionId?: string; VersionStage?: string } = {}) =>
  client.send(new GetSecretValueCommand({ SecretId: 'mail', ...selector }));
const describeMail = () => client.send(new DescribeSecretCommand({ SecretId: 'mail' }));
const rotate = (input: Partial<RotateSecretCommandInput> = {}) =>
  client.send(new RotateSecretCommand({ SecretId: 'mail', ...input }));
const setUp = () => rotate({ ...SCHEDULE, RotateImmediately: false }).then(() => clock.advance(0));
const currentVersion = async () => (await get()).VersionId ?? '';

/** A rotation function as AWS's own templates have it. */
async function rotationFunction(event: RotationEvent): Promise<void> {
  const { Step, SecretId, ClientRequestToken: token } = event;
  steps.push([Step, token]);
  await before(event);
  const left = failures[Step] ?? 0;
  if (left > 0) {
    failures[Step] = left - 1;
    throw new Error(`${Step} is broken`);
  }
  if (Step === 'createSecret') {
    const put = { SecretId, ClientRequestToken: token, SecretString: `by ${token}`, VersionStages: ['AWSPENDING'] };
    await client.send(new PutSecretValueCommand(put));
  }
  if (Step === 'finishSecret' && finishes) {
    const VersionStage = 'AWSCURRENT';
    const RemoveFromVersionId = await currentVersion();
    const move = { SecretId, VersionStage, MoveToVersionId: token, RemoveFromVersionId };
    await client.send(new UpdateSecretVersionStageCommand(move));
  }
}

const ALL_STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

describe('a rotation', () => {
  test('takes the function through four steps with one token, which names the new version', async () => {
    const { VersionId } = await rotate({ ...SCHEDULE, ClientRequestToken: TOKEN });
    expect(VersionId).toBe(TOKEN);
    await clock.advance(0);
    expect(steps).toEqual(ALL_STEPS.map((step) => [step, TOKEN]));
    expect(await get()).toMatchObject({ VersionId: TOKEN, SecretString: `by ${TOKEN}` });
    expect(await get({ VersionStage: 'AWSPREVIOUS' })).toMatchObject({ VersionId: OTHER_TOKEN });
    expect(reported).toEqual(['RotationStarted', 'RotationSucceeded']);
  });

  test('does not keep its caller waiting', async () => {
    before = () => new Promise((resolve) => setTimeout(resolve, 50));
    await rotate({ ...SCHEDULE, ClientRequestToken: TOKEN });
    expect((await get()).VersionId).toBe(OTHER_TOKEN);
    await clock.advance(0);
    expect((await get()).VersionId).toBe(TOKEN);
  });

  test('begins with a pending version that has no value', async () => {
    before = async ({ Step, ClientRequestToken }) => {
      if (Step !== 'createSecret') return;
      expect((await describeMail()).VersionIdsToStages).toEqual({
        [OTHER_TOKEN]: ['AWSCURRENT'],
        [ClientRequestToken]: ['AWSPENDING'],
      });
      await expect(get({ VersionStage: 'AWSPENDING' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    };
    await rotate({ ...SCHEDULE, ClientRequestToken: TOKEN });
    await clock.advance(0);
    expect(await currentVersion()).toBe(TOKEN);
  });

  test('is described with its function, its rules, when it was and when it will be', async () => {
    const rotation = await duringWork(
      () => clock.now(),
      async () => {
        await rotate(SCHEDULE);
        await clock.advance(0);
      },
    );
    const described = await describeMail();
    expect(described).toMatchObject({ RotationEnabled: true, ...SCHEDULE });
    expect(rotation.includes(Number(described.LastRotatedDate))).toBe(true);
    const days = (Number(described.NextRotationDate) - clock.now().getTime()) / DAY;
    expect(days).toBeGreaterThanOrEqual(3);
    expect(days).toBeLessThanOrEqual(4);
  });

  test('is asked for again without further settings, by one who may invoke the function', async () => {
    await setUp();
    served.denied.add('lambda:InvokeFunction');
    await expect(rotate()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    served.denied.clear();
    await rotate({ ClientRequestToken: TOKEN });
    await clock.advance(0);
    expect(await currentVersion()).toBe(TOKEN);
  });

  test('under the same token is the same rotation', async () => {
    await setUp();
    await rotate({ ClientRequestToken: TOKEN });
    await rotate({ ClientRequestToken: TOKEN });
    await clock.advance(0);
    await rotate({ ClientRequestToken: TOKEN });
    await clock.advance(0);
    expect(steps.filter(([step]) => step === 'createSecret')).toHaveLength(1);
  });

  test('is refused for a secret without a rotation function', async () => {
    await expect(rotate()).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'No Lambda rotation function ARN is associated with this secret.',
    });
  });

  test('is refused when Secrets Manager may not invoke the function', async () => {
    isPermitted = false;
    await expect(rotate(SCHEDULE)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('grants access to the principal secretsmanager.amazonaws.com'),
    });
    expect((await describeMail()).RotationEnabled).toBeUndefined();
  });

  test('is over when its secret is deleted', async () => {
    await setUp();
    before = async ({ Step }) => {
      if (Step === 'createSecret') await client.send(new DeleteSecretCommand({ SecretId: 'mail' }));
    };
    await rotate();
    await clock.advance(30 * DAY);
    expect(steps.map(([step]) => step)).toEqual(['testSecret', 'createSecret']);
  });
});

describe('a rotation that fails', () => {
  test.each(ALL_STEPS)(
    'in %s leaves the current version alone and goes on with its own, from the first step',
    async (step) => {
      await setUp();
      failures = { [step]: 1 };
      await rotate({ ClientRequestToken: TOKEN });
      await clock.advance(0);
      expect(await currentVersion()).toBe(OTHER_TOKEN);
      expect((await describeMail()).VersionIdsToStages).toMatchObject({ [TOKEN]: ['AWSPENDING'] });
      expect(reported.slice(-2)).toEqual(['RotationStarted', 'RotationFailed']);

      steps = [];
      await clock.advance(2 * MINUTE);
      expect(steps).toEqual(ALL_STEPS.map((each) => [each, TOKEN]));
      expect(await currentVersion()).toBe(TOKEN);
    },
  );

  test('fails too when the function does not make the version current', async () => {
    await setUp();
    finishes = false;
    await rotate();
    await clock.advance(0);
    expect(reported.at(-1)).toBe('RotationFailed');
  });

  test('keeps another one from beginning, and goes on when somebody asks', async () => {
    await setUp();
    failures = { setSecret: 1 };
    await rotate({ ClientRequestToken: TOKEN });
    await clock.advance(0);
    await expect(rotate()).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: "A previous rotation isn't complete. That rotation will be reattempted.",
    });
    await clock.advance(0);
    expect(await currentVersion()).toBe(TOKEN);
    await rotate();
    await clock.advance(0);
    expect(await currentVersion()).not.toBe(TOKEN);
  });

  test('keeps another one from beginning while it runs', async () => {
    await setUp();
    before = () => new Promise((resolve) => setTimeout(resolve, 30));
    await rotate();
    await expect(rotate()).rejects.toThrow("A previous rotation isn't complete");
    await clock.advance(0);
    expect(steps.filter(([step]) => step === 'createSecret')).toHaveLength(1);
  });

  test('again and again goes on at its next time, with the same version', async () => {
    await setUp();
    failures = { testSecret: 4 };
    await rotate({ ClientRequestToken: TOKEN });
    await clock.advance(DAY);
    expect(failures.testSecret).toBe(0);
    expect(await currentVersion()).toBe(OTHER_TOKEN);
    await clock.advance(4 * DAY);
    expect(await currentVersion()).toBe(TOKEN);
  });
});

describe('a schedule', () => {
  test('rotates in every window, and within it', async () => {
    await setUp();
    const versions = new Set([await currentVersion()]);
    for (const _ of [1, 2, 3]) {
      await clock.advance(4 * DAY);
      versions.add(await currentVersion());
    }
    expect(versions.size).toBe(4);
  });

  test('in hours is kept', async () => {
    await rotate({ RotationLambdaARN: FUNCTION_ARN, RotationRules: { ScheduleExpression: 'rate(4 hours)' } });
    await clock.advance(0);
    const begun = steps.length;
    await clock.advance(DAY);
    const rotations = (steps.length - begun) / 4;
    expect(rotations).toBeGreaterThanOrEqual(5);
    expect(rotations).toBeLessThanOrEqual(6);
  });

  test('by cron is kept, within the window that begins at its time', async () => {
    const hour = new Date(clock.now().getTime() + 2 * HOUR).getUTCHours();
    const RotationRules = { ScheduleExpression: `cron(0 ${hour} * * ? *)`, Duration: '1h' };
    await rotate({ RotationLambdaARN: FUNCTION_ARN, RotationRules, RotateImmediately: false });
    let rotatedAt: number | undefined;
    before = async () => {
      rotatedAt = clock.now().getUTCHours();
    };
    await clock.advance(0);
    rotatedAt = undefined;
    await clock.advance(4 * HOUR);
    expect(rotatedAt).toBe(hour);
  });

  test('counts a value that was put by hand as a rotation', async () => {
    await setUp();
    await clock.advance(2 * DAY);
    await client.send(
      new PutSecretValueCommand({ SecretId: 'mail', SecretString: 'by hand', ClientRequestToken: TOKEN }),
    );
    await clock.advance(2 * DAY);
    expect(await currentVersion()).toBe(TOKEN);
    await clock.advance(2 * DAY);
    expect(await currentVersion()).not.toBe(TOKEN);
  });

  test('ends when it is cancelled, and so does the rotation under way', async () => {
    await setUp();
    before = async ({ Step }) => {
      if (Step === 'setSecret') await client.send(new CancelRotateSecretCommand({ SecretId: 'mail' }));
    };
    await rotate({ ClientRequestToken: TOKEN });
    await clock.advance(30 * DAY);
    expect(steps.map(([step]) => step)).toEqual(['testSecret', 'createSecret', 'setSecret']);
    expect(reported.at(-1)).toBe('RotationAbandoned');
    expect(await describeMail()).toMatchObject({
      RotationEnabled: false,
      VersionIdsToStages: { [OTHER_TOKEN]: ['AWSCURRENT'], [TOKEN]: ['AWSPENDING'] },
    });
    await expect(rotate()).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test.each([
    [{}],
    [{ AutomaticallyAfterDays: 3, ScheduleExpression: 'rate(3 days)' }],
    [{ AutomaticallyAfterDays: 1001 }],
    [{ ScheduleExpression: 'rate(3 hours)' }],
    [{ ScheduleExpression: 'rate(30 minutes)' }],
    [{ ScheduleExpression: 'rate(3 days)', Duration: '25h' }],
    [{ ScheduleExpression: 'rate(3 days)', Duration: '90m' }],
  ])('of %j is refused', async (RotationRules) => {
    await expect(rotate({ RotationLambdaARN: FUNCTION_ARN, RotationRules })).rejects.toMatchObject({
      name: expect.stringMatching(/^(InvalidParameter|Validation)Exception$/),
    });
  });
});

describe('without rotating immediately', () => {
  test('the step testSecret alone is tried, on a pending version that holds the current value and goes again', async () => {
    before = async ({ ClientRequestToken }) => {
      expect(await get({ VersionStage: 'AWSPENDING' })).toMatchObject({
        VersionId: ClientRequestToken,
        SecretString: 'first',
      });
    };
    const { VersionId } = await rotate({ ...SCHEDULE, RotateImmediately: false });
    expect(VersionId).toBeUndefined();
    await clock.advance(0);
    expect(steps.map(([step]) => step)).toEqual(['testSecret']);
    expect((await describeMail()).VersionIdsToStages).toEqual({ [OTHER_TOKEN]: ['AWSCURRENT'] });
    expect(reported).toEqual(['TestRotationStarted', 'TestRotationSucceeded']);
  });

  test('a test that fails leaves the schedule as it is', async () => {
    failures = { testSecret: 1 };
    await setUp();
    expect(reported.at(-1)).toBe('TestRotationFailed');
    expect(await describeMail()).toMatchObject({
      RotationEnabled: true,
      VersionIdsToStages: { [OTHER_TOKEN]: ['AWSCURRENT'] },
    });
    await clock.advance(4 * DAY);
    expect(await currentVersion()).not.toBe(OTHER_TOKEN);
  });
});

describe('AWS::SecretsManager::RotationSchedule', () => {
  const type = () => resourceType(service, 'AWS::SecretsManager::RotationSchedule');
  const properties = (change: Properties = {}): Properties => ({ SecretId: 'mail', ...SCHEDULE, ...change });

  test('rotates immediately by default, and refers to the secret', async () => {
    const created = await type().create(requestFor(properties()));
    expect(created.physicalId).toMatch(/:secret:mail-/);
    expect(created.attributes).toEqual({ Id: created.physicalId });
    await clock.advance(0);
    expect(steps).toHaveLength(4);
  });

  test('only tests when it is told not to rotate, follows an update, and ends rotation when it is deleted', async () => {
    const quiet = { RotateImmediatelyOnUpdate: 'false' };
    const created = await type().create(requestFor(properties(quiet)));
    await clock.advance(0);
    expect(steps.map(([step]) => step)).toEqual(['testSecret']);

    const RotationRules = { ScheduleExpression: 'rate(12 hours)' };
    await type().update(requestFor(properties({ ...quiet, RotationRules })), created, properties(quiet));
    await clock.advance(DAY);
    expect(steps.length).toBeGreaterThan(4);

    await type().delete(requestFor(properties()), created);
    steps = [];
    await clock.advance(10 * DAY);
    expect(steps).toEqual([]);
    expect((await describeMail()).RotationEnabled).toBe(false);
  });

  test('fails when Secrets Manager may not invoke the function', async () => {
    isPermitted = false;
    await expect(type().create(requestFor(properties()))).rejects.toThrow(
      'cannot invoke the specified Lambda function',
    );
  });

  test('is deleted after its secret', async () => {
    const created = await type().create(requestFor(properties()));
    await clock.advance(0);
    await client.send(new DeleteSecretCommand({ SecretId: 'mail', ForceDeleteWithoutRecovery: true }));
    await type().delete(requestFor(properties()), created);
    steps = [];
    await clock.advance(10 * DAY);
    expect(steps).toEqual([]);
  });
});
