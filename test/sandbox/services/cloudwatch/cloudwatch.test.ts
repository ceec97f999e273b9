import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { CloudWatchService } from '../../../../sandbox/services/cloudwatch';
import { requestFor, resourceType } from '../resource-request';

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

let type: ReturnType<typeof resourceType>;

beforeEach(() => {
  type = resourceType(
    new CloudWatchService({ account: SANDBOX_ACCOUNT, clock: new Clock() }),
    'AWS::CloudWatch::Alarm',
  );
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
