import { GatewayFixture } from '../gateway-fixture';

let fixture: GatewayFixture;
let stage: Record<string, unknown>;

beforeEach(async () => {
  fixture = await GatewayFixture.start();
  stage = {
    ApiId: fixture.apiId,
    StageName: '$default',
    AutoDeploy: true,
    AccessLogSettings: {
      DestinationArn: 'arn:aws:logs:us-east-1:123456789012:log-group:access:*',
      Format: '$context.status $context.routeKey',
    },
  };
});

afterEach(() => fixture.gateway.close());

/** A rate of one request in 200 seconds of the movable clock, however slow the machine is. */
const slow = (ThrottlingBurstLimit: unknown) => ({ ThrottlingRateLimit: 0.005, ThrottlingBurstLimit });

async function throttle(DefaultRouteSettings: object): Promise<void> {
  await fixture.create('Stage', { ...stage, DefaultRouteSettings });
}

async function statuses(path: string, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let call = 0; call < count; call += 1) found.push((await fixture.call(path)).status);
  return found;
}

test('answers 429 beyond the burst, before the authorizer and the integration are called', async () => {
  await fixture.createAuthorizer(() => ({ isAuthorized: true }));
  await fixture.createFunctionRoute('GET /a', () => ({ statusCode: 204 }));
  await throttle(slow(2));

  expect(await statuses('/a', 2)).toEqual([204, 204]);
  const called = fixture.events.length;
  expect(await fixture.call('/a')).toMatchObject({ status: 429, body: '{"message":"Too Many Requests"}' });
  expect(fixture.events).toHaveLength(called);
  expect(fixture.log.at(-1)).toBe('access: 429 GET /a');
});

test('takes requests again at the rate, up to the burst', async () => {
  await fixture.createFunctionRoute('GET /a', () => ({ statusCode: 204 }));
  await throttle(slow('2'));
  expect(await statuses('/a', 3)).toEqual([204, 204, 429]);

  await fixture.surroundings.clock.advance(200_000);
  expect(await statuses('/a', 2)).toEqual([204, 429]);
  await fixture.surroundings.clock.advance(2_000_000);
  expect(await statuses('/a', 3)).toEqual([204, 204, 429]);
});

test('counts the requests of each route on their own', async () => {
  await fixture.createFunctionRoute('GET /a', () => ({ statusCode: 204 }));
  await fixture.createFunctionRoute('GET /b/{proxy+}', () => ({ statusCode: 204 }));
  await throttle(slow(1));

  expect(await statuses('/a', 2)).toEqual([204, 429]);
  expect(await statuses('/b/1', 1)).toEqual([204]);
  expect(await statuses('/b/2', 1)).toEqual([429]);
});

test('refuses everything when a limit is 0, and nothing without limits', async () => {
  await fixture.createFunctionRoute('GET /a', () => ({ statusCode: 204 }));
  await throttle({ ThrottlingRateLimit: 0, ThrottlingBurstLimit: 0 });
  expect(await statuses('/a', 1)).toEqual([429]);
  await throttle({ DetailedMetricsEnabled: true });
  expect(await statuses('/a', 3)).toEqual([204, 204, 204]);
});

test.each([{ ThrottlingRateLimit: -1 }, { ThrottlingRateLimit: 'many' }, { ThrottlingBurstLimit: -1 }])(
  'refuses the limits %j',
  async (settings) => {
    await expect(throttle(settings)).rejects.toThrow(/ThrottlingRateLimit|ThrottlingBurstLimit/);
  },
);
