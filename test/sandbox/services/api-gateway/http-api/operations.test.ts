import { send } from '../../serve';
import { DOMAIN, domainProperties, GatewayFixture, TRUSTSTORE_URI } from '../gateway-fixture';

let fixture: GatewayFixture;

beforeEach(async () => {
  fixture = await GatewayFixture.start();
});
afterEach(() => fixture.gateway.close());

async function getDomainName(name = DOMAIN) {
  const { status, headers, body } = await send(fixture.gateway.api, {
    method: 'GET',
    path: `/v2/domainnames/${name}`,
  });
  return { status, error: headers?.['x-amzn-errortype'], document: JSON.parse(String(body)) };
}

test('a domain is available as soon as it is made', async () => {
  const { status, document } = await getDomainName();
  expect(status).toBe(200);
  expect(document).toEqual({
    domainName: DOMAIN,
    domainNameConfigurations: [
      {
        certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/imported',
        domainNameStatus: 'AVAILABLE',
        endpointType: 'REGIONAL',
        securityPolicy: 'TLS_1_2',
      },
    ],
    mutualTlsAuthentication: { truststoreUri: TRUSTSTORE_URI, truststoreVersion: 'v1' },
  });
});

test('a domain that gets another truststore names it at once, and is updating until it is in effect', async () => {
  fixture.truststores.set('v2', fixture.authority.certificate);
  const resource = { physicalId: DOMAIN, attributes: {} };
  const mutualTls = { TruststoreUri: TRUSTSTORE_URI, TruststoreVersion: 'v2' };
  await fixture.update('DomainName', resource, domainProperties(DOMAIN, mutualTls));
  const during = await getDomainName();
  await fixture.surroundings.clock.advance(0);
  const after = await getDomainName();
  expect([during, after].map(({ document }) => document.mutualTlsAuthentication.truststoreVersion)).toEqual([
    'v2',
    'v2',
  ]);
  expect([during, after].map(({ document }) => document.domainNameConfigurations[0].domainNameStatus)).toEqual([
    'UPDATING',
    'AVAILABLE',
  ]);
});

test('a domain that gets no other truststore stays available', async () => {
  const resource = { physicalId: DOMAIN, attributes: {} };
  const mutualTls = { TruststoreUri: TRUSTSTORE_URI, TruststoreVersion: 'v1' };
  await fixture.update('DomainName', resource, domainProperties(DOMAIN, mutualTls, { IpAddressType: 'ipv4' }));
  const { document } = await getDomainName();
  expect(document.domainNameConfigurations[0].domainNameStatus).toBe('AVAILABLE');
});

test('a domain without mutual TLS has nothing to say of it', async () => {
  await fixture.createDomain('plain.example.com', null);
  const { document } = await getDomainName('plain.example.com');
  expect(document).not.toHaveProperty('mutualTlsAuthentication');
});

test('a domain that is not there is told of by name', async () => {
  await expect(getDomainName('other.example.com')).resolves.toMatchObject({
    status: 404,
    error: 'NotFoundException',
    document: { message: 'Invalid domain name identifier specified other.example.com' },
  });
});

test.each([
  ['GET', '/usageplans'],
  ['GET', '/v2/apis/a/b/c'],
  ['GET', '/v2/domainnames/%zz'],
  ['POST', '/v2/apis'],
  ['DELETE', `/v2/domainnames/${DOMAIN}`],
  ['PATCH', `/v2/domainnames/${DOMAIN}`],
])('what it does not support fails by name: %s %s', async (method, path) => {
  const { status, headers, body } = await send(fixture.gateway.api, { method, path });
  expect([status, headers?.['x-amzn-errortype']]).toEqual([400, 'UnknownOperationException']);
  expect(JSON.parse(String(body)).message).toBe(`the sandbox does not support apigateway:${method} ${path}`);
  expect(
    fixture.gateway.api.describe({ method, path, query: new URLSearchParams(), headers: {}, body: Buffer.of() }),
  ).toEqual({ operation: `${method} ${path}`, input: {} });
});

test('APIs, domains, and their parts are listed', async () => {
  const items = async (path: string) => {
    const { status, body } = await send(fixture.gateway.api, { method: 'GET', path });
    expect(status).toBe(200);
    return JSON.parse(String(body)).items as Record<string, unknown>[];
  };
  const [api] = await items('/v2/apis');
  expect(api).toMatchObject({ protocolType: 'HTTP', name: expect.any(String), apiId: expect.any(String) });
  const { body } = await send(fixture.gateway.api, { method: 'GET', path: `/v2/apis/${api?.['apiId']}` });
  expect(JSON.parse(String(body))).toEqual(api);
  expect(await items(`/v2/apis/${api?.['apiId']}/stages`)).toMatchObject([{ stageName: '$default', autoDeploy: true }]);
  expect(await items('/v2/domainnames/')).toMatchObject([{ domainName: DOMAIN }]);
  expect(await items(`/v2/domainnames/${DOMAIN}/apimappings`)).toMatchObject([{ apiId: api?.['apiId'] }]);
});

test('an API that is not there is told of by name, and a name with dots is only a name', async () => {
  for (const path of ['/v2/apis/none', '/v2/apis/none/routes', '/v2/domainnames/%2e%2e', '/v2/domainnames/a%2fb']) {
    const { status, headers } = await send(fixture.gateway.api, { method: 'GET', path });
    expect([status, headers?.['x-amzn-errortype']]).toEqual([404, 'NotFoundException']);
  }
});

test('a call tells which domain it is about', () => {
  const path = `/v2/domainnames/${DOMAIN}`;
  expect(
    fixture.gateway.api.describe({ method: 'GET', path, query: new URLSearchParams(), headers: {}, body: Buffer.of() }),
  ).toEqual({ operation: 'GetDomainName', input: { DomainName: DOMAIN } });
});
