import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayFixture } from '../gateway-fixture';

const LISTENER = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/mesh/1/2';
const PRIVATE = { ConnectionType: 'VPC_LINK', ConnectionId: 'link' };

let fixture: GatewayFixture;
let backend: Server;
let received: string[];

beforeEach(async () => {
  received = [];
  backend = createServer((request, response) => {
    received.push(`${request.method} ${request.url}`);
    response.end('answer');
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  fixture = await GatewayFixture.start();
});

afterEach(async () => {
  backend.closeAllConnections();
  backend.close();
  await fixture.gateway.close();
});

function nameTarget(name: string): void {
  fixture.targets.set(name, new URL(`http://127.0.0.1:${(backend.address() as AddressInfo).port}`));
}

describe('a backend behind a VPC link', () => {
  test.each([
    ['$request.path', '/schedule/a%20b?x=1', 'PUT /schedule/a%20b?x=1'],
    ['/${request.path.proxy}', '/schedule/a%20b/c?x=1&y=%26', 'PUT /a%20b/c?x=1&y=%26'],
    ['/${request.path.proxy}', '/schedule/percent%2525done', 'PUT /percent%25done'],
    ['/${request.path.proxy}', '/schedule//evil.example.com/b', 'PUT //evil.example.com/b'],
    ['/', '/schedule/a', 'PUT /'],
  ])('gets the path that the mapping %s makes of %s', async (path, sent, expected) => {
    nameTarget('schedule');
    const RequestParameters = { 'overwrite:path': path };
    await fixture.createUrlRoute('ANY /schedule/{proxy+}', LISTENER, { ...PRIVATE, RequestParameters });
    expect(await fixture.call(sent, { method: 'PUT' })).toMatchObject({ status: 200, body: 'answer' });
    expect(received).toEqual([expected]);
  });

  test('gets no request whose path, decoded as API Gateway does it, leads elsewhere', async () => {
    nameTarget('schedule');
    const RequestParameters = { 'overwrite:path': '/${request.path.proxy}' };
    await fixture.createUrlRoute('ANY /schedule/{proxy+}', LISTENER, { ...PRIVATE, RequestParameters });
    expect(await fixture.call('/schedule/%252e%252e/b')).toMatchObject({ status: 400 });
    expect(received).toEqual([]);
  });

  test('gets the whole path without a mapping', async () => {
    nameTarget('schedule');
    await fixture.createUrlRoute('ANY /schedule/{proxy+}', LISTENER, PRIVATE);
    await fixture.call('/schedule/a?x=1');
    expect(received).toEqual(['GET /schedule/a?x=1']);
  });

  test('can not be deployed until its target is named', async () => {
    await expect(fixture.createUrlRoute('ANY /schedule', LISTENER, PRIVATE)).rejects.toThrow(
      `the route ANY /schedule leads to ${LISTENER} in a VPC, which the sandbox does not have: run the service on this ` +
        "machine, and name its port with `targets: { 'schedule': 8080 }` or `mtls-mesh up --target schedule=8080`",
    );
  });

  test('is not reached at the target of another service', async () => {
    nameTarget('schedule2');
    nameTarget('toString');
    await expect(fixture.createUrlRoute('ANY /schedule', LISTENER, PRIVATE)).rejects.toThrow(/^the route ANY/);
  });

  test.each([
    [{ ConnectionType: 'VPC_LINK' }, 'ConnectionId must be specified'],
    [{ ...PRIVATE, IntegrationUri: 'https://schedule.example.com' }, 'Invalid integration URI'],
    [{ ...PRIVATE, IntegrationUri: 'arn:aws:lambda:us-east-1:123456789012:function:f' }, 'Invalid integration URI'],
    [{ ...PRIVATE, TlsConfig: { Insecure: true } }, 'TlsConfig.Insecure'],
  ])('refuses the settings %j', async (settings, reason) => {
    nameTarget('schedule');
    await expect(fixture.createUrlRoute('ANY /schedule', LISTENER, settings)).rejects.toThrow(reason);
  });
});

test('a VPC link has an ID', async () => {
  const link = await fixture.create('VpcLink', { Name: 'link', SubnetIds: ['subnet-1'], SecurityGroupIds: [] });
  expect(link).toEqual({
    physicalId: expect.stringMatching(/^[a-z0-9]{6}$/),
    attributes: { VpcLinkId: link.physicalId },
  });
});

test('a target stands in for the server of a public URL, whose path stays', async () => {
  nameTarget('schedule');
  await fixture.createUrlRoute('ANY /schedule/{proxy+}', 'https://unreachable.invalid/v1/{proxy}');
  await fixture.call('/schedule/a');
  expect(received).toEqual(['GET /v1/a']);
});

test('a target of a Lambda function is refused', async () => {
  nameTarget('schedule');
  await expect(fixture.createFunctionRoute('ANY /schedule', () => ({}))).rejects.toThrow(
    'the service schedule is a Lambda function, which the sandbox runs itself: remove its target',
  );
});
