import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { CloudWatchService } from '../../../../sandbox/services/cloudwatch';
import { requestFor, resourceType } from '../resource-request';
import { send } from '../serve';

const ALARM = {
  AlarmName: 'expiring',
  ComparisonOperator: 'LessThanThreshold',
  EvaluationPeriods: 1,
  MetricName: 'HoursToExpiry',
  Namespace: 'MtlsServiceMesh',
  Dimensions: [{ Name: 'TrustDomain', Value: 'mesh.example.com' }],
  Period: 3600,
  Statistic: 'Minimum',
  Threshold: 24.5,
  TreatMissingData: 'breaching',
  AlarmActions: ['arn:aws:sns:us-east-1:123456789012:mesh-events'],
};

let service: CloudWatchService;
let type: ReturnType<typeof resourceType>;

beforeEach(() => {
  service = new CloudWatchService({ account: SANDBOX_ACCOUNT, clock: new Clock() });
  type = resourceType(service, 'AWS::CloudWatch::Alarm');
});

test('an alarm is told by its name and its ARN, and has its name for itself until it is deleted', async () => {
  const alarm = await type.create(requestFor(ALARM));
  expect(alarm).toEqual({
    physicalId: 'expiring',
    attributes: { Arn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:expiring' },
  });
  await expect(type.create(requestFor(ALARM))).rejects.toThrow('already exists');
  await expect(type.update(requestFor({ ...ALARM, Threshold: 48 }), alarm, ALARM)).resolves.toEqual(alarm);
  await type.delete(requestFor(ALARM), alarm);
  await type.create(requestFor(ALARM));
});

test.each([
  ['without a metric', { MetricName: undefined }, 'either MetricName or Metrics'],
  ['with a metric and an expression', { Metrics: [{}] }, 'either MetricName or Metrics'],
  ['without a comparison', { ComparisonOperator: undefined }, 'ComparisonOperator'],
  ['by anomaly detection', { ThresholdMetricId: 'band' }, 'ThresholdMetricId'],
])('an alarm %s is refused', async (_, change, reason) => {
  await expect(type.create(requestFor({ ...ALARM, ...change }))).rejects.toThrow(reason);
});

describe('in JSON', () => {
  async function ask(operation: string, input: object) {
    const headers = { 'x-amz-target': `GraniteServiceVersion20100801.${operation}` };
    const { status, headers: answered, body } = await send(service.api, { headers, body: JSON.stringify(input) });
    return { status, type: answered?.['content-type'], ...JSON.parse(String(body)) };
  }

  test('alarms are described with lists, numbers, and times in seconds', async () => {
    await type.create(requestFor(ALARM));
    await type.create(requestFor({ ...ALARM, AlarmName: 'other', AlarmActions: undefined }));
    const { status, type: contentType, MetricAlarms, CompositeAlarms } = await ask('DescribeAlarms', {});
    expect([status, contentType, CompositeAlarms]).toEqual([200, 'application/x-amz-json-1.0', []]);
    expect(MetricAlarms).toMatchObject([
      { AlarmName: 'expiring', Threshold: 24.5, Dimensions: ALARM.Dimensions, AlarmActions: ALARM.AlarmActions },
      { AlarmName: 'other', AlarmActions: [], StateValue: 'INSUFFICIENT_DATA', ActionsEnabled: true },
    ]);
    expect(Math.abs(MetricAlarms[0].StateUpdatedTimestamp - Date.now() / 1000)).toBeLessThan(600);
    expect((await ask('DescribeAlarms', { AlarmNames: ['other'] })).MetricAlarms).toHaveLength(1);
    expect((await ask('DescribeAlarms', { AlarmNamePrefix: 'exp' })).MetricAlarms).toHaveLength(1);
    expect((await ask('DescribeAlarms', { StateValue: 'ALARM' })).MetricAlarms).toEqual([]);
  });

  test('data go in with their time, and their metrics are listed once', async () => {
    const Dimensions = [{ Name: 'To', Value: 'x' }];
    const MetricData = [1, 2].map((Value) => ({ MetricName: 'Sent', Value, Timestamp: 1_793_491_200, Dimensions }));
    expect(await ask('PutMetricData', { Namespace: 'Mail', MetricData })).toMatchObject({ status: 200 });
    expect(service.metricData[1]).toMatchObject({ value: 2, timestamp: new Date('2026-11-01T00:00:00Z') });
    const { Metrics } = await ask('ListMetrics', { Namespace: 'Mail' });
    expect(Metrics).toEqual([{ Namespace: 'Mail', MetricName: 'Sent', Dimensions }]);
    expect((await ask('ListMetrics', { MetricName: 'Other' })).Metrics).toEqual([]);
  });

  test.each([
    ['DescribeAlarms', { ActionPrefix: 'x' }, 501, 'NotImplemented'],
    ['DeleteAlarms', {}, 400, 'UnknownOperationException'],
  ])('%s of %j fails by name', async (operation, input, status, code) => {
    expect(await ask(operation, input)).toMatchObject({ status, __type: code });
  });
});
