import * as sns from 'aws-cdk-lib/aws-sns';
import { MeshAlarms } from '../../lib';
import { newStack, onlyResource, resourcesOfType } from './mesh-stack';

const ALARM = 'AWS::CloudWatch::Alarm';
const WATCHED = { Namespace: 'MtlsServiceMesh', Dimensions: [{ Name: 'TrustDomain', Value: 'mesh.example.com' }] };

function alarmsOf(topic: boolean) {
  const stack = newStack();
  new MeshAlarms(stack, 'Alarms', {
    trustDomain: 'mesh.example.com',
    topic: topic ? new sns.Topic(stack, 'Topic') : undefined,
  });
  return { stack, alarms: Object.values(resourcesOfType(stack, ALARM)).map(({ Properties }) => Properties) };
}

test('ring for a failed rotation, a certificate that nobody rotates, an authority near its end, an outage, and a lost event', () => {
  const { alarms } = alarmsOf(false);

  expect(alarms).toEqual([
    expect.objectContaining({
      ...WATCHED,
      MetricName: 'RotationsFailed',
      Statistic: 'Sum',
      Period: 300,
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      TreatMissingData: 'notBreaching',
    }),
    expect.objectContaining({
      ...WATCHED,
      MetricName: 'CertificatesExpiring',
      Statistic: 'Maximum',
      Period: 3600,
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 1,
      TreatMissingData: 'missing',
    }),
    expect.objectContaining({
      ...WATCHED,
      MetricName: 'DaysToAuthorityExpiry',
      Statistic: 'Minimum',
      Period: 3600,
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 90,
      TreatMissingData: 'notBreaching',
    }),
    expect.objectContaining({
      ...WATCHED,
      MetricName: 'RegistryUnavailable',
      Statistic: 'Sum',
      Period: 300,
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    }),
    expect.objectContaining({
      ...WATCHED,
      MetricName: 'AuditIncomplete',
      Statistic: 'Sum',
      Period: 300,
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    }),
  ]);
  expect(alarms.flatMap((alarm) => alarm['AlarmActions'] ?? [])).toEqual([]);
});

test('tell a topic, also when the hourly report fails to come', () => {
  const { stack, alarms } = alarmsOf(true);

  const topic = [{ Ref: onlyResource(stack, 'AWS::SNS::Topic').logicalId }];
  expect(alarms.map(({ AlarmActions }) => AlarmActions)).toEqual(Array(5).fill(topic));
  expect(alarms.map(({ InsufficientDataActions }) => InsufficientDataActions)).toEqual([
    undefined,
    topic,
    undefined,
    undefined,
    undefined,
  ]);
});
