import { CloudWatchClient, PutMetricDataCommand, type PutMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { CloudWatchService } from '../../../../sandbox/services/cloudwatch';
import { type Served, serve } from '../serve';

const TIME = new Date('2026-11-22T10:00:00.000Z');
const DATUM = {
  MetricName: 'CertificatesRevoked',
  Dimensions: [{ Name: 'TrustDomain', Value: 'mesh.example.com' }],
  Timestamp: TIME,
  Value: 2,
};
const INPUT: PutMetricDataCommandInput = { Namespace: 'MtlsServiceMesh', MetricData: [DATUM] };

let service: CloudWatchService;
let served: Served;
let client: CloudWatchClient;
beforeEach(async () => {
  service = new CloudWatchService({ account: SANDBOX_ACCOUNT, clock: new Clock() });
  served = await serve(service.api);
  client = new CloudWatchClient(served.client);
});
afterEach(async () => {
  client.destroy();
  await served.close();
});

const put = (input: Partial<PutMetricDataCommandInput>) =>
  client.send(new PutMetricDataCommand({ ...INPUT, ...input }));

test('keeps the values of metrics', async () => {
  await put({ MetricData: [DATUM, { MetricName: 'RotationsFailed', Value: 1, Timestamp: TIME }] });

  expect(service.metricData).toEqual([
    {
      namespace: 'MtlsServiceMesh',
      name: 'CertificatesRevoked',
      dimensions: { TrustDomain: 'mesh.example.com' },
      value: 2,
      timestamp: TIME,
    },
    { namespace: 'MtlsServiceMesh', name: 'RotationsFailed', dimensions: {}, value: 1, timestamp: TIME },
  ]);
});

test('is allowed by namespace', async () => {
  await put({});

  expect(served.authorizations).toEqual([
    {
      action: 'cloudwatch:PutMetricData',
      resource: '*',
      conditionKeys: { 'cloudwatch:namespace': 'MtlsServiceMesh' },
    },
  ]);
});

test('keeps nothing of a caller that is not allowed', async () => {
  served.denied.add('cloudwatch:PutMetricData');

  await expect(put({})).rejects.toMatchObject({ name: 'AccessDenied' });
  expect(service.metricData).toEqual([]);
});

test.each<[string, Partial<PutMetricDataCommandInput>, string]>([
  ['a namespace of AWS', { Namespace: 'AWS/Lambda' }, 'InvalidParameterValueException'],
  ['an empty namespace', { Namespace: '' }, 'InvalidParameterValueException'],
  ['no data', { MetricData: [] }, 'MissingRequiredParameterException'],
  ['a value without a name', { MetricData: [{ ...DATUM, MetricName: '' }] }, 'InvalidParameterValueException'],
  ['a metric without a value', { MetricData: [{ ...DATUM, Value: undefined }] }, 'InvalidParameterValueException'],
  [
    'a dimension without a value',
    { MetricData: [{ ...DATUM, Dimensions: [{ Name: 'TrustDomain', Value: '' }] }] },
    'InvalidParameterValueException',
  ],
  ['a distribution, by name', { MetricData: [{ ...DATUM, Values: [1], Counts: [1] }] }, 'NotImplemented'],
])('refuses %s', async (_what, input, code) => {
  await expect(put(input)).rejects.toMatchObject({ name: code });
  expect(service.metricData).toEqual([]);
});
