import { SANDBOX_ACCOUNT } from '../../../sandbox/account';
import { Clock } from '../../../sandbox/clock';
import type { AwsApi } from '../../../sandbox/endpoint/api';
import { SecretsManagerService } from '../../../sandbox/services/secrets-manager';
import { startAcmPca } from './acm-pca/hierarchy';
import { send } from './serve';

const SECOND = 1000;

let clock: Clock;

beforeEach(() => {
  jest.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 0, 1));
  clock = new Clock();
});

afterEach(() => {
  jest.restoreAllMocks();
});

const acmPca = () => startAcmPca(clock).service.api;
const secretsManager = () =>
  new SecretsManagerService(
    { account: SANDBOX_ACCOUNT, clock },
    {
      functions: { invoke: async () => null, assertMayInvoke: () => undefined },
      events: { put: () => undefined },
      keys: { authorizeUse: () => undefined },
    },
  ).api;

/** What becomes of a request that asks for nothing in particular. */
async function outcome(api: AwsApi, target: string): Promise<string> {
  const { body } = await send(api, { headers: { 'x-amz-target': target }, body: '{}' });
  return JSON.parse(String(body)).__type ?? 'answered';
}

/** How many of a hundred requests are not throttled; the operations take turns. */
async function unthrottled(api: AwsApi, ...targets: readonly string[]): Promise<number> {
  const outcomes: string[] = [];
  for (let i = 0; i < 100; i += 1) outcomes.push(await outcome(api, targets[i % targets.length] ?? ''));
  return outcomes.filter((one) => one !== 'ThrottlingException').length;
}

test.each([
  ['DescribeCertificateAuthority', 20],
  ['GetCertificate', 75],
  ['GetCertificateAuthorityCertificate', 20],
  ['GetCertificateAuthorityCsr', 10],
  ['IssueCertificate', 25],
  ['ListCertificateAuthorities', 20],
  ['ListTags', 20],
  ['RevokeCertificate', 20],
])('ACM PCA takes of %s %i a second', async (operation, perSecond) => {
  const api = acmPca();
  expect(await unthrottled(api, `ACMPrivateCA.${operation}`)).toBe(perSecond);
  await clock.advance(SECOND);
  expect(await unthrottled(api, `ACMPrivateCA.${operation}`)).toBe(perSecond);
});

test('each operation of ACM PCA has a quota for itself', async () => {
  const api = acmPca();
  await unthrottled(api, 'ACMPrivateCA.IssueCertificate');
  expect(await outcome(api, 'ACMPrivateCA.GetCertificate')).toBe('ValidationException');
});

test.each([
  [['PutSecretValue', 'UpdateSecretVersionStage'], 50],
  [['CancelRotateSecret', 'RotateSecret'], 50],
  [['GetResourcePolicy'], 50],
  [['TagResource'], 50],
  [['GetSecretValue', 'DescribeSecret'], 100],
])('Secrets Manager takes of %p together %i of a hundred at once', async (operations, passed) => {
  const targets = operations.map((operation) => `secretsmanager.${operation}`);
  expect(await unthrottled(secretsManager(), ...targets)).toBe(passed);
});
