import { App, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { Sandbox } from '../../sandbox';
import { exampleMesh } from '../example-mesh';

const DOMAIN = 'mesh.example.com';

let sandbox: Sandbox;

beforeAll(async () => {
  const app = new App();
  const stack = new Stack(app, 'Test');
  const mesh = exampleMesh(stack);
  const handler = new lambda.Function(stack, 'Echo', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline(
      `exports.handler = async ({ requestContext: { authorizer } }) => ({
        statusCode: 200,
        body: JSON.stringify(authorizer.lambda ?? authorizer),
      });`,
    ),
  });
  const restApi = new apigateway.LambdaRestApi(stack, 'Reports', {
    handler,
    endpointTypes: [apigateway.EndpointType.REGIONAL],
    disableExecuteApiEndpoint: true,
    cloudWatchRole: false,
  });
  const [mail, social] = [mesh.addClient('mail'), mesh.addClient('social')];
  const reports = mesh.protect('reports', restApi);
  reports.allow(mail, { methods: [HttpMethod.GET], path: '/monthly/{id}' });
  reports.allow(social, { methods: [HttpMethod.GET, HttpMethod.DELETE], path: '/public/{path+}' });

  const httpApi = new HttpApi(stack, 'Orders', { disableExecuteApiEndpoint: true });
  const integration = new HttpLambdaIntegration('Echo', handler);
  for (const path of ['/monthly/{id}', '/public/{path+}', '/orders/{id}', '/'])
    httpApi.addRoutes({ path, integration });
  const orders = mesh.protect('orders', httpApi);
  orders.allow(mail, { methods: [HttpMethod.GET], path: '/monthly/{id}' });
  orders.allow(social, { methods: [HttpMethod.GET, HttpMethod.DELETE], path: '/public/{path+}' });
  sandbox = await Sandbox.deploy(app);
}, 60_000);
afterAll(() => sandbox?.close());

const call = async (client: string, method: string, path: string, headers: Record<string, string> = {}) => {
  const response = await sandbox.fetch(client, `https://${DOMAIN}${path}`, { method, headers });
  const body = (await response.json()) as { readonly clientName?: string; readonly grant?: string };
  return [response.status, body.clientName, body.grant];
};

test.each([
  ['mail', 'GET', '/reports/monthly/5', 'GET /reports/monthly/{id}'],
  ['social', 'DELETE', '/reports/public/a/b', 'DELETE,GET /reports/public/{path+}'],
  ['mail', 'GET', '/orders/monthly/5', 'GET /orders/monthly/{id}'],
  ['social', 'DELETE', '/orders/public/a/b', 'DELETE,GET /orders/public/{path+}'],
])('%s may %s %s, and the function learns who calls', async (client, method, path, grant) => {
  await expect(call(client, method, path)).resolves.toEqual([200, client, grant]);
});

test.each([
  ['mail', 'POST', '/reports/monthly/5'],
  ['mail', 'GET', '/reports/monthly'],
  ['mail', 'GET', '/reports/monthly/5/lines'],
  ['mail', 'GET', '/reports/monthly/%2e%2e'],
  ['mail', 'GET', '/reports/monthly/5%2flines'],
  ['mail', 'GET', '/reports'],
  ['social', 'GET', '/reports/monthly/5'],
  ['social', 'GET', '/reports/public'],
  ['social', 'PUT', '/reports/public/a'],
  ['social', 'GET', '/reports/reports/public/a'],
  ['mail', 'POST', '/orders/monthly/5'],
  ['mail', 'GET', '/orders/orders/5'],
  ['mail', 'GET', '/orders'],
  ['social', 'GET', '/orders/monthly/5'],
  ['social', 'PUT', '/orders/public/a'],
])('%s may not %s %s', async (client, method, path) => {
  const [status] = await call(client, method, path);
  expect(status).toBe(403);
});

test.each<Record<string, string>>([
  { 'x-mesh-client-name': 'social' },
  { 'x-original-url': '/reports/admin' },
  { 'x-http-method-override': 'DELETE' },
])('a request with %j is refused', async (headers) => {
  for (const path of ['/reports/monthly/5', '/orders/monthly/5']) {
    const [status] = await call('mail', 'GET', path, headers);
    expect(status).toBe(403);
  }
});

test('a caller without a certificate gets nothing', async () => {
  await expect(sandbox.fetch(undefined, `https://${DOMAIN}/reports/monthly/5`)).rejects.toThrow();
});

test('a revoked client gets nothing', async () => {
  await revokeCertificates(
    { ...awsMesh(DOMAIN, sandboxAccess(sandbox)), now: () => sandbox.now },
    'mail',
    { kind: 'all' },
    'UNSPECIFIED',
  );
  await sandbox.advance(6_000);
  expect((await call('mail', 'GET', '/reports/monthly/5'))[0]).toBe(403);
  expect((await call('mail', 'GET', '/orders/monthly/5'))[0]).toBe(403);
  expect((await call('social', 'GET', '/reports/public/a'))[0]).toBe(200);
});
