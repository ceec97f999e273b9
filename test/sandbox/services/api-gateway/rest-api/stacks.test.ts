import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { CfnApiMapping } from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { MtlsServiceMesh } from '../../../../../lib';
import { Sandbox } from '../../../../../sandbox';
import { exampleMesh } from '../../../../example-mesh';

const OWN_DOMAIN = 'api.example.com';

/** Admits the client `mail`, and tells the service which certificate it has. */
const AUTHORIZER = `
  const { X509Certificate } = require('node:crypto');
  exports.handler = async ({ methodArn, requestContext }) => {
    const { subjectAltName } = new X509Certificate(requestContext.identity.clientCert.clientCertPem);
    const clientName = subjectAltName.split('/').at(-1);
    return {
      principalId: clientName,
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: clientName === 'mail' ? 'Allow' : 'Deny', Resource: methodArn }],
      },
      context: { clientName, trusted: true },
    };
  };
`;

/** Answers with what it sees of the caller. */
const SERVICE = `
  exports.handler = async ({ path, headers, requestContext }) => ({
    statusCode: 200,
    body: JSON.stringify({ path, header: headers['X-Mesh-Client'], context: requestContext.authorizer?.clientName }),
  });
`;

let directory: string;
let backend: Server;
let sandbox: Sandbox;

beforeAll(async () => {
  process.env['CDK_VALIDATION'] = 'false';
  directory = mkdtempSync(join(tmpdir(), 'rest-api-stacks-'));
  backend = createServer(({ url, headers }, response) => {
    response.end(JSON.stringify({ url, client: headers['x-mesh-client'] }));
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const { port } = backend.address() as AddressInfo;
  sandbox = await Sandbox.deploy(app('1'), { targets: { backend: port }, strict: true });
});

afterAll(async () => {
  await sandbox?.close();
  backend.closeAllConnections();
  backend.close();
  rmSync(directory, { recursive: true });
});

function app(outdir: string, greeting?: string): App {
  const app = new App({ outdir: join(directory, outdir) });
  const stack = new Stack(app, 'Rest');
  const mesh = exampleMesh(stack);
  mesh.addClient('mail');
  mesh.addClient('social');
  const service = inlineFunction(stack, 'Service', SERVICE);
  const api = addApi(stack, mesh, service);
  if (greeting !== undefined)
    api.root.addResource(greeting).addMethod('GET', new apigateway.LambdaIntegration(service));
  new CfnApiMapping(stack, 'Mapping', {
    apiId: api.restApiId,
    apiMappingKey: 'rest/v1',
    domainName: mesh.gateway.domain.name,
    stage: api.deploymentStage.stageName,
  });
  const simple = new apigateway.LambdaRestApi(stack, 'Simple', {
    handler: service,
    endpointTypes: [apigateway.EndpointType.REGIONAL],
  });
  new CfnApiMapping(stack, 'SimpleMapping', {
    apiId: simple.restApiId,
    apiMappingKey: 'simple',
    domainName: mesh.gateway.domain.name,
    stage: simple.deploymentStage.stageName,
  });
  return app;
}

function inlineFunction(stack: Stack, id: string, code: string): lambda.Function {
  return new lambda.Function(stack, id, {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline(code),
  });
}

/** An API with a domain of its own, whose truststore is that of the mesh. */
function addApi(stack: Stack, mesh: MtlsServiceMesh, service: lambda.IFunction): apigateway.RestApi {
  const { bucket, objectKey, versionId } = mesh.truststore;
  const authorizer = new apigateway.RequestAuthorizer(stack, 'Authorizer', {
    handler: inlineFunction(stack, 'AuthorizerFunction', AUTHORIZER),
    identitySources: [],
    resultsCacheTtl: Duration.seconds(0),
  });
  const arn = 'arn:aws:acm:us-east-1:123456789012:certificate/1c5f7b2e-0000-4000-8000-000000000001';
  const requestParameters = { 'integration.request.header.X-Mesh-Client': 'context.authorizer.clientName' };
  const api = new apigateway.RestApi(stack, 'Api', {
    disableExecuteApiEndpoint: true,
    endpointTypes: [apigateway.EndpointType.REGIONAL],
    defaultCorsPreflightOptions: { allowOrigins: ['https://a.example.com', 'https://b.example.com'] },
    defaultMethodOptions: { authorizer },
    deployOptions: {
      accessLogDestination: new apigateway.LogGroupLogDestination(
        new LogGroup(stack, 'ApiLog', { logGroupName: 'rest-calls' }),
      ),
      accessLogFormat: apigateway.AccessLogFormat.custom(
        '$context.status $context.authorizer.clientName $context.requestId',
      ),
      throttlingBurstLimit: 100,
      throttlingRateLimit: 100,
      variables: { color: 'blue' },
    },
    domainName: {
      domainName: OWN_DOMAIN,
      certificate: Certificate.fromCertificateArn(stack, 'ApiCertificate', arn),
      mtls: { bucket, key: objectKey, version: versionId },
      securityPolicy: apigateway.SecurityPolicy.TLS_1_2,
      endpointType: apigateway.EndpointType.REGIONAL,
    },
  });
  const items = api.root.addResource('items');
  items.addMethod('GET', new apigateway.LambdaIntegration(service, { requestParameters }));
  items.addProxy({ defaultIntegration: new apigateway.LambdaIntegration(service) });
  const url = 'https://backend.invalid/v1/{proxy}';
  api.root.addResource('backend').addProxy({
    defaultIntegration: new apigateway.HttpIntegration(url, {
      httpMethod: 'ANY',
      options: {
        requestParameters: { ...requestParameters, 'integration.request.path.proxy': 'method.request.path.proxy' },
      },
    }),
    defaultMethodOptions: { authorizer, requestParameters: { 'method.request.path.proxy': true } },
  });
  api.addGatewayResponse('Denied', {
    type: apigateway.ResponseType.ACCESS_DENIED,
    templates: { 'application/json': '{"denied":"$context.authorizer.clientName"}' },
  });
  return api;
}

const own = `https://${OWN_DOMAIN}`;
const ofMesh = 'https://mesh.example.com/rest/v1';

test.each([
  ['its own domain, which is one of REST APIs', own, '/items'],
  ['the domain of the mesh, which is one of HTTP APIs', ofMesh, '/rest/v1/items'],
])('a client is admitted at %s, and a header of its own is not passed on', async (_, url, path) => {
  const response = await sandbox.fetch('mail', `${url}/items`, { headers: { 'x-mesh-client': 'forged' } });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ path, header: 'mail', context: 'mail' });
});

test.each([own, ofMesh])('another client gets 403, and a caller without a certificate nothing, at %s', async (url) => {
  const response = await sandbox.fetch('social', `${url}/items`);
  expect([response.status, await response.json()]).toEqual([403, { denied: 'social' }]);
  await expect(sandbox.fetch(undefined, `${url}/items`)).rejects.toThrow();
});

test('a proxy resource is behind the authorizer', async () => {
  expect((await sandbox.fetch('mail', `${own}/items/a/b`, { method: 'DELETE' })).status).toBe(200);
  expect((await sandbox.fetch('social', `${own}/items/a/b`)).status).toBe(403);
});

test('a URL gets the path and the identity of the client', async () => {
  const response = await sandbox.fetch('mail', `${own}/backend/a%20b/c?x=1`);
  expect(await response.json()).toEqual({ url: '/v1/a%20b/c?x=1', client: 'mail' });
});

test.each([
  ['https://a.example.com', 'https://a.example.com'],
  ['https://b.example.com', 'https://b.example.com'],
  ['https://evil.example.org', 'https://a.example.com'],
])('a preflight request of %s is answered with %s', async (origin, allowed) => {
  const response = await sandbox.fetch('mail', `${own}/items`, { method: 'OPTIONS', headers: { origin } });
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-origin')).toBe(allowed);
});

test('what LambdaRestApi makes by default comes up', async () => {
  const response = await sandbox.fetch('mail', 'https://mesh.example.com/simple/any/path');
  expect(await response.json()).toEqual({ path: '/simple/any/path' });
});

test('the access log has the client', () => {
  const lines = (sandbox.logs()['rest-calls'] ?? []).map((line) => line.split(' ').slice(0, 2).join(' '));
  expect(lines).toEqual(expect.arrayContaining(['200 mail', '403 social']));
});

test('an update deploys a method that was added, and a method that was there stays', async () => {
  expect((await sandbox.fetch('mail', `${own}/hello`)).status).toBe(403);
  await sandbox.update(app('2', 'hello'));
  expect((await sandbox.fetch('mail', `${own}/hello`)).status).toBe(200);
  expect((await sandbox.fetch('social', `${own}/hello`)).status).toBe(403);
  expect((await sandbox.fetch('mail', `${own}/items`)).status).toBe(200);
});

test('the stack is deleted', async () => {
  await sandbox.destroy();
  await expect(sandbox.fetch('mail', `${own}/items`)).rejects.toThrow();
});
