import { GatewayFixture } from '../gateway-fixture';

let fixture: GatewayFixture;

beforeEach(async () => {
  fixture = await GatewayFixture.start();
});

afterEach(() => fixture.gateway.close());

const logGroup = 'arn:aws:logs:us-east-1:123456789012:log-group:access';

async function logAs(format: string): Promise<void> {
  const settings = { DestinationArn: logGroup, Format: format };
  const stage = { ApiId: fixture.apiId, StageName: '$default', AutoDeploy: true, AccessLogSettings: settings };
  await fixture.update('Stage', { physicalId: '$default', attributes: {} }, stage);
}

test('renders what is known of connection, request, authorizer and integration', async () => {
  await logAs(
    [
      '$context.identity.clientCert.subjectDN',
      '$context.identity.clientCert.issuerDN',
      '$context.identity.sourceIp',
      '$context.httpMethod',
      '$context.path',
      '$context.protocol',
      '$context.routeKey',
      '$context.status',
      '$context.responseLength',
      '$context.integrationStatus',
      '$context.domainName',
      '$context.domainPrefix',
      '$context.stage',
      '$context.apiId',
      '$context.authorizer.number',
      '$context.authorizer.map',
    ].join('|'),
  );
  await fixture.createAuthorizer(() => ({ isAuthorized: true, context: { number: 1, map: { a: 'b' } } }));
  await fixture.createFunctionRoute('$default', () => ({ statusCode: 201, body: '12345' }));
  await fixture.call('/a', { method: 'POST' });
  expect(fixture.log).toEqual([
    `access: O=Example,CN=mail|CN=Test root|127.0.0.1|POST|/a|HTTP/1.1|$default|201|5|201|mesh.example.com|mesh|$default|${fixture.apiId}|1|{\\"a\\":\\"b\\"}`,
  ]);
});

test('holds the reasons that the caller does not learn', async () => {
  await logAs('$context.authorizer.error|$context.integrationErrorMessage|$context.error.message');
  await fixture.createFunctionRoute('GET /broken', () => {
    throw new Error('the function broke');
  });
  await fixture.createAuthorizer(() => {
    throw new Error('the authorizer broke');
  });
  await fixture.createFunctionRoute('GET /authorized', () => 'never');
  await fixture.call('/broken');
  await fixture.call('/authorized');
  expect(fixture.log).toEqual([
    'access: -|the function broke|the function broke',
    'access: the authorizer broke|-|the authorizer broke',
  ]);
});

test('lets no caller begin another line or another field', async () => {
  await logAs(
    '{"path":"$context.path","agent":"$context.identity.userAgent","pem":"$context.identity.clientCert.clientCertPem"}',
  );
  await fixture.call('/a"b', { headers: { 'user-agent': '","status":"200' } });
  expect(fixture.log).toHaveLength(1);
  const line = fixture.log[0]?.replace('access: ', '') ?? '';
  expect(line).not.toContain('\n');
  expect(JSON.parse(line)).toEqual({ path: '/a"b', agent: '","status":"200', pem: fixture.client.cert });
});

test('goes to a log group alone', async () => {
  const settings = {
    DestinationArn: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/a',
    Format: '$context.status',
  };
  const stage = { ApiId: fixture.apiId, StageName: 'other', AutoDeploy: true, AccessLogSettings: settings };
  await expect(fixture.create('Stage', stage)).rejects.toThrow(/must be the ARN of a log group/);
});
