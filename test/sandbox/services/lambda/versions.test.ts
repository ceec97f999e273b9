import type { Properties, Resource } from '../../../../sandbox/cloudformation/resource-type';
import { AccessDenied } from '../../../../sandbox/endpoint/api';
import { requestFor, resourceType } from '../resource-request';
import { FunctionCloud } from './function-cloud';

let cloud: FunctionCloud;

beforeEach(() => {
  cloud = new FunctionCloud();
});

afterEach(() => cloud.lambda.close());

const create = (type: string, properties: Properties) =>
  resourceType(cloud.lambda, type).create(requestFor(properties));
const publish = (FunctionName: string) => create('AWS::Lambda::Version', { FunctionName });
const body = (answer: string) =>
  `return [${JSON.stringify(answer)}, context.functionVersion, context.invokedFunctionArn, context.logStreamName];`;

async function update(created: Resource, answer: string): Promise<void> {
  const properties = { ...(await cloud.functionProperties(body(answer))), FunctionName: 'app' };
  await resourceType(cloud.lambda, 'AWS::Lambda::Function').update(requestFor(properties), created, {});
}

const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:app';
/** What the function that ran says: its answer, its version, and the ARN in the invocation. */
const told = async (arn: string) => ((await cloud.lambda.invoke(arn, {})) as string[]).slice(0, 3);

test('a version keeps the code that the function had, under its own ARN', async () => {
  const app = await cloud.createFunction(body('one'), { FunctionName: 'app' });
  const version = await publish('app');
  expect(version).toEqual({ physicalId: `${ARN}:1`, attributes: { Version: '1', FunctionArn: `${ARN}:1` } });
  await update(app, 'two');
  const stream = (name: string) => expect.stringContaining(`[${name}]`);
  expect(await cloud.lambda.invoke(`${ARN}:1`, {})).toEqual(['one', '1', `${ARN}:1`, stream('1')]);
  expect(await cloud.lambda.invoke(ARN, {})).toEqual(['two', '$LATEST', ARN, stream('$LATEST')]);
  expect(await told(`${ARN}:$LATEST`)).toEqual(['two', '$LATEST', ARN]);
  expect((await publish(ARN)).physicalId).toBe(`${ARN}:2`);
});

test('a version that would be equal to the latest one is refused', async () => {
  await cloud.createFunction(body('one'), { FunctionName: 'app' });
  await publish('app');
  await expect(publish('app')).rejects.toThrow('A version for this Lambda function exists ( 1 )');
});

test('an alias leads to its version, and moves', async () => {
  const app = await cloud.createFunction(body('one'), { FunctionName: 'app' });
  await publish('app');
  const type = resourceType(cloud.lambda, 'AWS::Lambda::Alias');
  const properties = { FunctionName: 'app', Name: 'live', FunctionVersion: '1' };
  const alias = await type.create(requestFor(properties));
  expect(alias).toEqual({ physicalId: `${ARN}:live`, attributes: { AliasArn: `${ARN}:live` } });
  expect(await told(`${ARN}:live`)).toEqual(['one', '1', `${ARN}:live`]);
  await update(app, 'two');
  await publish('app');
  await type.update(requestFor({ ...properties, FunctionVersion: '2' }), alias, properties);
  expect(await told(`${ARN}:live`)).toEqual(['two', '2', `${ARN}:live`]);
  await expect(type.create(requestFor(properties))).rejects.toThrow('Alias already exists');
  await type.delete(requestFor({}), alias);
  await expect(cloud.lambda.invoke(`${ARN}:live`, {})).rejects.toThrow('function:app:live');
});

test('an alias divides invocations among two versions', async () => {
  const app = await cloud.createFunction(body('one'), { FunctionName: 'app' });
  await publish('app');
  await update(app, 'two');
  await publish('app');
  const weights = (FunctionWeight: number) => ({
    AdditionalVersionWeights: [{ FunctionVersion: '2', FunctionWeight }],
  });
  const type = resourceType(cloud.lambda, 'AWS::Lambda::Alias');
  const properties = { FunctionName: 'app', Name: 'live', FunctionVersion: '1', RoutingConfig: weights(1) };
  const alias = await type.create(requestFor(properties));
  expect((await told(`${ARN}:live`))[0]).toBe('two');
  await type.update(requestFor({ ...properties, RoutingConfig: weights(0) }), alias, properties);
  expect((await told(`${ARN}:live`))[0]).toBe('one');
});

test.each([
  [{ FunctionVersion: '7' }, 'function:app:7'],
  [{ FunctionVersion: 'live' }, 'FunctionVersion'],
  [{ Name: '1' }, 'Name'],
  [{ FunctionName: 'ghost' }, 'function:ghost'],
])('an alias with %j is refused', async (change, reason) => {
  await cloud.createFunction(body('one'), { FunctionName: 'app' });
  const properties = { FunctionName: 'app', Name: 'live', FunctionVersion: '$LATEST', ...change };
  await expect(create('AWS::Lambda::Alias', properties)).rejects.toThrow(reason);
});

test('a function that is deleted takes its versions and aliases along', async () => {
  const app = await cloud.createFunction(body('one'), { FunctionName: 'app' });
  await cloud.createFunction(body('other'), { FunctionName: 'app2' });
  await publish('app');
  await create('AWS::Lambda::Alias', { FunctionName: 'app', Name: 'live', FunctionVersion: '1' });
  await resourceType(cloud.lambda, 'AWS::Lambda::Function').delete(requestFor({}), app);
  for (const arn of [ARN, `${ARN}:1`, `${ARN}:live`]) {
    await expect(cloud.lambda.invoke(arn, {})).rejects.toThrow('Function not found');
  }
  expect((await told('app2'))[0]).toBe('other');
});

describe('a permission', () => {
  const permission = { Action: 'lambda:InvokeFunction', Principal: 'events.amazonaws.com' };
  const may = (arn: string) => {
    try {
      cloud.lambda.assertMayInvoke(arn, 'events.amazonaws.com', 'arn:aws:events:us-east-1:123456789012:rule/r');
      return true;
    } catch (error) {
      if (error instanceof AccessDenied) return false;
      throw error;
    }
  };

  test('for an alias is none for the function, and the reverse', async () => {
    await cloud.createFunction(body('one'), { FunctionName: 'app' });
    await publish('app');
    await create('AWS::Lambda::Alias', { FunctionName: 'app', Name: 'live', FunctionVersion: '1' });
    await create('AWS::Lambda::Permission', { ...permission, FunctionName: `${ARN}:live` });
    expect([may(`${ARN}:live`), may(ARN), may(`${ARN}:1`)]).toEqual([true, false, false]);
  });

  test.each([
    { Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' },
    { FunctionUrlAuthType: 'AWS_IAM' },
    { InvokedViaFunctionUrl: true },
    { PrincipalOrgID: 'o-1' },
    { EventSourceToken: 'x' },
    { Principal: '*' },
  ])('with %j is taken, and lets no service in', async (change) => {
    await cloud.createFunction(body('one'), { FunctionName: 'app' });
    await create('AWS::Lambda::Permission', { ...permission, FunctionName: 'app', ...change });
    expect(may(ARN)).toBe(false);
  });
});
