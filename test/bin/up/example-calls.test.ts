import { App, Stack } from 'aws-cdk-lib';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import { exampleCalls } from '../../../bin/up/example-calls';
import { MeshIntegration } from '../../../lib';
import { exampleMesh } from '../../example-mesh';

let sandbox: Sandbox;

beforeAll(async () => {
  const app = new App();
  const stack = new Stack(app, 'Mesh');
  const mesh = exampleMesh(stack);
  const handler = new lambda.Function(stack, 'Schedule', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    // It would be wrong to try a call that may change something.
    code: lambda.Code.fromInline(
      "exports.handler = async ({ requestContext: { http } }) => { if (http.method !== 'GET') throw new Error('changed'); return { statusCode: 200 }; };",
    ),
  });
  const schedule = mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(handler) });
  const [all, reader, writer, other] = ['all', 'reader', 'writer', 'other'].map((name) => mesh.addClient(name));
  if (!(all && reader && writer && other)) throw new Error('a client is missing');
  schedule.allow(all);
  schedule.allow(reader, { methods: [HttpMethod.GET], path: '/events' });
  schedule.allow(reader, { path: '/events/{id}' });
  schedule.allow(writer, { methods: [HttpMethod.POST], path: '/events' });
  schedule.allow(other, { path: '/events/{id}' });
  sandbox = await Sandbox.deploy(app);
});
afterAll(() => sandbox?.close());

test('each client gets a call that a grant lets it make, and none that may change something is tried', async () => {
  const calls = await exampleCalls(sandbox, ['all', 'reader', 'writer', 'other'], []);
  expect(Object.fromEntries(calls)).toEqual({
    all: { url: 'https://mesh.example.com/schedule', status: 200 },
    reader: { url: 'https://mesh.example.com/schedule/events', status: 200 },
    writer: { url: 'https://mesh.example.com/schedule/events', method: 'POST' },
    other: { url: 'https://mesh.example.com/schedule', status: 403 },
  });
  expect(Object.values(sandbox.logs()).flat().join()).not.toContain('changed');
});
