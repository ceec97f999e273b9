import { App, CustomResource, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { listServices } from '../../bin/shared/inventory';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { type ImportedMesh, MeshIntegration, MtlsServiceMesh } from '../../lib';
import { Sandbox } from '../../sandbox';
import { exampleMesh } from '../example-mesh';

const DOMAIN = 'mesh.example.com';

let sandbox: Sandbox | undefined;
afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
});

interface Team {
  readonly stack: Stack;
  readonly mesh: ImportedMesh;
}

/** A mesh of a platform team, and stacks of teams that know nothing of it but its name. */
function appOf(allowed: readonly string[], teams: Readonly<Record<string, (team: Team) => void>>): App {
  const app = new App();
  const platform = new Stack(app, 'Platform');
  const mesh = exampleMesh(platform, { removalPolicy: RemovalPolicy.DESTROY });
  for (const name of allowed) mesh.allowStack(name);
  for (const [name, add] of Object.entries(teams)) {
    const stack = new Stack(app, name);
    stack.addStackDependency(platform);
    add({ stack, mesh: MtlsServiceMesh.fromMeshName(stack, 'Mesh', DOMAIN) });
  }
  return app;
}

const echo = (stack: Stack) =>
  new lambda.Function(stack, 'Echo', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline(
      'exports.handler = async ({ requestContext }) => ({ statusCode: 200, body: JSON.stringify(requestContext.authorizer.lambda) });',
    ),
  });

const addSchedule = ({ stack, mesh }: Team) => {
  const schedule = mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(echo(stack)) });
  schedule.allow(mesh.addClient('mail'), { methods: [HttpMethod.GET], path: '/events/{id}' });
};

test('stacks that know the mesh’s name add clients, services, and grants, without a change of its stack', async () => {
  const apps = {
    'team-schedule': addSchedule,
    'team-users': ({ stack, mesh }: Team) => {
      mesh.addService('users', { integration: MeshIntegration.lambdaFunction(echo(stack)) }).allowAllClients();
      mesh.addClient('social');
    },
  };
  const deployed = await Sandbox.deploy(appOf(['team-*'], apps));
  sandbox = deployed;

  const call = async (client: string, path: string) => {
    const response = await deployed.fetch(client, `https://${DOMAIN}${path}`);
    return [response.status, ((await response.json()) as { readonly grant?: string }).grant];
  };
  await expect(call('mail', '/schedule/events/5')).resolves.toEqual([200, 'GET /schedule/events/{id}']);
  await expect(call('mail', '/schedule/events')).resolves.toEqual([403, undefined]);
  await expect(call('social', '/schedule/events/5')).resolves.toEqual([403, undefined]);
  await expect(call('mail', '/users/1')).resolves.toEqual([200, 'ANY /users/*']);
  await expect(call('social', '/users')).resolves.toEqual([200, 'ANY /users/*']);
  const services = await listServices(awsMesh(DOMAIN, sandboxAccess(deployed)));
  expect(services.map(({ serviceName, grants }) => [serviceName, grants])).toEqual([
    ['schedule', ['mail GET /schedule/events/{id}']],
    ['users', ['* ANY /users/*']],
  ]);
});

test.each<[string, readonly string[], string]>([
  ['whose name the mesh does not allow', ['team-users'], 'the mesh does not serve the stack'],
  ['when it allows none', [], '/mtls-mesh/mesh.example.com'],
])('a stack is refused %s', async (_what, allowed, message) => {
  await expect(Sandbox.deploy(appOf(allowed, { 'team-schedule': addSchedule }))).rejects.toThrow(message);
});

test('a stack that is allowed can grant nothing of another stack’s service', async () => {
  // Without routes, which API Gateway would refuse first.
  const thief = ({ stack, mesh }: Team) => {
    stack.addStackDependency(stack.node.root.node.findChild('team-schedule') as Stack);
    mesh.addClient('thief');
    new CustomResource(stack, 'Service', {
      resourceType: 'Custom::MtlsService',
      serviceToken: mesh.issuer.deploymentHandler.functionArn,
      properties: {
        TrustDomain: mesh.trustDomain,
        ServiceName: 'schedule',
        ApiId: mesh.gateway.httpApi.apiId,
        Grants: ['thief ANY /schedule/*'],
      },
    });
  };
  const deployment = Sandbox.deploy(appOf(['team-*'], { 'team-schedule': addSchedule, 'team-thief': thief }));
  await expect(deployment).rejects.toThrow('service schedule is already declared by the resource');
});
