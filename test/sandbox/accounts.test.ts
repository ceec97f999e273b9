import { App, CfnOutput, CustomResource, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { AwsClient } from 'aws4fetch';
import { Sandbox } from '../../sandbox';

const PLATFORM = '111111111111';
const TEAM = '222222222222';

let sandbox: Sandbox | undefined;
afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
});

/** Answers as a custom resource, and otherwise with the ARN that it was invoked by. */
const CODE = `exports.handler = async (event, context) => {
  const { invokedFunctionArn } = context;
  if (!event.ResponseURL) return { statusCode: 200, body: JSON.stringify({ invokedFunctionArn, event }) };
  const { StackId, RequestId, LogicalResourceId } = event;
  const answer = { StackId, RequestId, LogicalResourceId, Status: 'SUCCESS', PhysicalResourceId: 'one', Data: { invokedFunctionArn } };
  await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify(answer) });
};`;

/** A function named `provider` with an alias that another account may invoke, and a URL. */
function platform(allow: (alias: lambda.Alias, url: lambda.FunctionUrl) => void): App {
  const app = new App();
  const stack = new Stack(app, 'Platform', { env: { account: PLATFORM, region: 'us-east-1' } });
  const provider = new lambda.Function(stack, 'Provider', {
    functionName: 'provider',
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline(CODE),
  });
  const alias = new lambda.Alias(stack, 'Team', { aliasName: 'team', version: provider.latestVersion });
  const url = provider.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.AWS_IAM });
  new CfnOutput(stack, 'Url', { value: url.url });
  allow(alias, url);
  return app;
}

const allowAlias = (alias: lambda.Alias) =>
  new lambda.CfnPermission(alias, 'Permission', {
    action: 'lambda:InvokeFunction',
    functionName: alias.functionArn,
    principal: TEAM,
  });

const PROVIDER = `arn:aws:lambda:us-east-1:${PLATFORM}:function:provider`;

/** A custom resource of the function in the other account, and roles. A function of the same name belongs to this account. */
function team(serviceToken: string): App {
  const app = new App();
  const stack = new Stack(app, 'Team', { env: { account: TEAM, region: 'us-east-1' } });
  new CustomResource(stack, 'Resource', { serviceToken });
  const role = (id: string, resources: string[]) =>
    new iam.Role(stack, id, {
      roleName: id,
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        invoke: new iam.PolicyDocument({
          statements: [
            new iam.PolicyStatement({ actions: ['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl'], resources }),
          ],
        }),
      },
    });
  role('invoker', [PROVIDER, `${PROVIDER}:*`]);
  role('powerless', ['arn:aws:lambda:us-east-1:222222222222:function:*']);
  return app;
}

function clientOf(deployed: Sandbox, role: string): AwsClient {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = deployed.environment({ account: TEAM, role });
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  return new AwsClient({ ...credentials, service: 'lambda', region: 'us-east-1', retries: 0 });
}

/** The status, and what the function answers or why Lambda refuses. */
async function invoke(deployed: Sandbox, name: string, role: string): Promise<unknown> {
  const url = `${deployed.endpoint}/2015-03-31/functions/${encodeURIComponent(name)}/invocations`;
  const response = await clientOf(deployed, role).fetch(url, { method: 'POST', body: '{}' });
  const { body, message } = (await response.json()) as { readonly body: string; readonly message: string };
  return [response.status, response.ok ? JSON.parse(body) : message];
}

test('a stack is deployed in its account, and uses a function of another account that allows it', async () => {
  sandbox = await Sandbox.deploy(platform(allowAlias));
  await sandbox.update(team(`${PROVIDER}:team`));

  const { resources } = sandbox;
  expect(resources['Resource']?.attributes).toEqual({ invokedFunctionArn: `${PROVIDER}:team` });
  const arnOfRole = Object.values(resources).find(({ physicalId }) => physicalId === 'invoker')?.attributes['Arn'];
  expect(arnOfRole).toBe(`arn:aws:iam::${TEAM}:role/invoker`);
  const answer = { invokedFunctionArn: `${PROVIDER}:team`, event: {} };
  await expect(invoke(sandbox, `${PROVIDER}:team`, 'invoker')).resolves.toEqual([200, answer]);
});

test('a permission on an alias covers neither the function nor its other versions', async () => {
  sandbox = await Sandbox.deploy(platform(allowAlias));
  await sandbox.update(team(`${PROVIDER}:team`));

  const refused = (reason: string) => [403, expect.stringContaining(reason)];
  for (const qualifier of ['', ':$LATEST', ':another']) {
    await expect(invoke(sandbox, `${PROVIDER}${qualifier}`, 'invoker')).resolves.toEqual(
      refused('because no resource-based policy allows the lambda:InvokeFunction action'),
    );
  }
  await expect(invoke(sandbox, `${PROVIDER}:team`, 'powerless')).resolves.toEqual(
    refused('because no identity-based policy allows'),
  );
  // A name without an account is that of a function of the caller's account.
  await expect(invoke(sandbox, 'provider:team', 'invoker')).resolves.toEqual(
    refused(`:${TEAM}:function:provider:team`),
  );
  const unknown = PROVIDER.replace(PLATFORM, '333333333333');
  await expect(invoke(sandbox, unknown, 'invoker')).resolves.toEqual([404, `Function not found: ${unknown}`]);
});

test.each<[string, string, () => void]>([
  ['without a permission', ':team', () => undefined],
  ['with a permission for another qualifier', '', () => undefined],
])('the deployment of a custom resource fails %s', async (_what, qualifier, allow) => {
  sandbox = await Sandbox.deploy(platform(qualifier === '' ? allowAlias : allow));

  await expect(sandbox.update(team(`${PROVIDER}${qualifier}`))).rejects.toThrow(
    `User: arn:aws:iam::${TEAM}:user/operator is not authorized to perform: lambda:InvokeFunction on resource: ${PROVIDER}${qualifier}`,
  );
});

test('a function URL of another account needs both permissions, and tells the function who calls', async () => {
  const both = ({ lambda: handler }: lambda.Alias) => {
    for (const [action, more] of [
      ['lambda:InvokeFunctionUrl', { functionUrlAuthType: 'AWS_IAM' }],
      ['lambda:InvokeFunction', { invokedViaFunctionUrl: true }],
    ] as const) {
      new lambda.CfnPermission(handler, action.replace(':', ''), {
        action,
        functionName: handler.functionArn,
        principal: TEAM,
        ...more,
      });
    }
  };
  const call = (deployed: Sandbox) =>
    clientOf(deployed, 'invoker').fetch(deployed.outputs['Url'] ?? '', { method: 'POST', body: '{}' });
  sandbox = await Sandbox.deploy(
    platform((alias) => {
      allowAlias(alias);
      both(alias);
    }),
  );
  await sandbox.update(team(`${PROVIDER}:team`));
  const { event } = (await (await call(sandbox)).json()) as { event: { requestContext: unknown } };
  expect(event.requestContext).toMatchObject({
    accountId: PLATFORM,
    authorizer: { iam: { accountId: TEAM, userArn: `arn:aws:sts::${TEAM}:assumed-role/invoker/sandbox` } },
  });
  // The permission of the URL is none for a direct invocation.
  await expect(invoke(sandbox, PROVIDER, 'invoker')).resolves.toEqual([403, expect.stringContaining(PROVIDER)]);

  await sandbox.update(platform(allowAlias));
  expect((await call(sandbox)).status).toBe(403);
});

test('an account must be one that a stack names', async () => {
  sandbox = await Sandbox.deploy(platform(allowAlias));

  expect(() => sandbox?.environment({ account: TEAM })).toThrow(
    'there must be a stack in the account 222222222222; the sandbox has 111111111111',
  );
});

describe('the Region of a sandbox', () => {
  const addStack = (app: App, id: string, env?: { readonly account?: string; readonly region: string }) => {
    const stack = new Stack(app, id, { ...(env && { env }), stackName: id });
    new CfnOutput(stack, 'Arn', { value: new Topic(stack, 'Topic').topicArn });
  };

  test('is the one that stacks name', async () => {
    const app = new App();
    addStack(app, 'Regional', { region: 'eu-central-1' });
    addStack(app, 'Anywhere');
    sandbox = await Sandbox.deploy(app);
    expect(Object.values(sandbox.outputs)).toEqual([
      expect.stringMatching(/^arn:aws:sns:eu-central-1:/),
      expect.stringMatching(/^arn:aws:sns:eu-central-1:/),
    ]);
    expect(sandbox.environment()['AWS_REGION']).toBe('eu-central-1');
    expect(sandbox.notices).toEqual([]);
  });

  test('is us-east-1 if the stacks name several, unless one is chosen', async () => {
    const app = new App();
    addStack(app, 'Regional', { region: 'eu-central-1' });
    addStack(app, 'Elsewhere', { region: 'us-west-2' });
    const { directory } = app.synth();
    sandbox = await Sandbox.deploy(directory);
    expect(sandbox.environment()['AWS_REGION']).toBe('us-east-1');
    expect(sandbox.notices).toEqual([
      'runs in us-east-1, the Region of the sandbox, and not in eu-central-1: stack Regional',
      'runs in us-east-1, the Region of the sandbox, and not in us-west-2: stack Elsewhere',
    ]);
    await sandbox.close();
    sandbox = await Sandbox.deploy(directory, { stack: 'Elsewhere' });
    expect(sandbox.outputs['Arn']).toMatch(/^arn:aws:sns:us-west-2:/);
  });
});

test('stacks of the same name in two accounts are two stacks', async () => {
  const named = (account: string, value: string) => {
    const app = new App();
    const stack = new Stack(app, 'Named', { env: { account, region: 'us-east-1' } });
    new CfnParameter(stack, 'Parameter', { type: 'String', name: `/x/${value}`, value });
    return app;
  };
  sandbox = await Sandbox.deploy(named(PLATFORM, 'one'));
  await sandbox.update(named(TEAM, 'two'));
  const names = Object.values(sandbox.resources).map(({ physicalId }) => physicalId);
  expect(names).toEqual(expect.arrayContaining(['/x/one', '/x/two']));
  await sandbox.update(named(PLATFORM, 'three'));
  expect(Object.values(sandbox.resources).map(({ physicalId }) => physicalId)).toEqual(
    expect.arrayContaining(['/x/three', '/x/two']),
  );
});
