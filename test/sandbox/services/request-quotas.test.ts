import { SANDBOX_ACCOUNT } from '../../../sandbox/account';
import { Clock } from '../../../sandbox/clock';
import type { AwsApi } from '../../../sandbox/endpoint/api';
import { IamService } from '../../../sandbox/services/iam';
import { KmsService } from '../../../sandbox/services/kms';
import { SecretsManagerService } from '../../../sandbox/services/secrets-manager';
import { SsmService } from '../../../sandbox/services/ssm';
import { startAcmPca } from './acm-pca/hierarchy';
import { requestFor, resourceType } from './resource-request';
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

const kms = () => {
  const surroundings = { account: SANDBOX_ACCOUNT, clock };
  return new KmsService(surroundings, new IamService(surroundings));
};

test.each([
  [['CancelKeyDeletion'], 5],
  [['DisableKey'], 5],
  [['EnableKey'], 5],
  [['DisableKey', 'EnableKey'], 10],
  [['PutKeyPolicy'], 15],
  [['ScheduleKeyDeletion'], 15],
  [['Sign', 'DescribeKey'], 100],
])('KMS takes of %p together %i of a hundred at once', async (operations, passed) => {
  const targets = operations.map((operation) => `TrentService.${operation}`);
  expect(await unthrottled(kms().api, ...targets)).toBe(passed);
});

test('the cryptographic operations of KMS share a thousand requests a second for each kind of key pair', async () => {
  const service = kms();
  const keyType = resourceType(service, 'AWS::KMS::Key');
  const create = (KeySpec: string) => keyType.create(requestFor({ KeySpec, KeyUsage: 'SIGN_VERIFY' }));
  const [ecc, otherEcc, rsa] = [await create('ECC_NIST_P256'), await create('ECC_NIST_P384'), await create('RSA_2048')];
  const algorithms = new Map([
    [ecc, 'ECDSA_SHA_256'],
    [otherEcc, 'ECDSA_SHA_384'],
    [rsa, 'RSASSA_PSS_SHA_256'],
  ]);
  const sign = async (key: typeof ecc) => {
    const input = { KeyId: key.physicalId, Message: 'eA==', SigningAlgorithm: algorithms.get(key), DryRun: true };
    const headers = { 'x-amz-target': 'TrentService.Sign' };
    const { body } = await send(service.api, { headers, body: JSON.stringify(input) });
    return JSON.parse(String(body));
  };
  for (let i = 0; i < 1000; i += 1) {
    expect(await sign(i % 2 === 0 ? ecc : otherEcc)).toMatchObject({ __type: 'DryRunOperationException' });
  }
  const message = 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.';
  expect(await sign(ecc)).toEqual({ __type: 'ThrottlingException', message });
  expect(await sign(otherEcc)).toMatchObject({ __type: 'ThrottlingException' });
  expect(await sign(rsa)).toMatchObject({ __type: 'DryRunOperationException' });
  await clock.advance(SECOND);
  expect(await sign(ecc)).toMatchObject({ __type: 'DryRunOperationException' });
});

test.each([
  [['GetParameter', 'GetParameters', 'GetParametersByPath'], 40],
  [['PutParameter'], 100],
])('Parameter Store takes of %p together %i of a hundred at once', async (operations, passed) => {
  const targets = operations.map((operation) => `AmazonSSM.${operation}`);
  const { api } = new SsmService({ account: SANDBOX_ACCOUNT, clock });
  expect(await unthrottled(api, ...targets)).toBe(passed);
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
