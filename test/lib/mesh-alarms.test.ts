import { Duration } from 'aws-cdk-lib';
import * as sns from 'aws-cdk-lib/aws-sns';
import { CertificateAuthority, MeshAlarms } from '../../lib';
import { exampleMesh } from '../example-mesh';
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

describe('the alarm of authorities goes off long enough before', () => {
  const alarmOf = (...validities: Duration[]) => {
    const stack = newStack();
    const certificateAuthority = CertificateAuthority.generalPurposeSubordinate(stack, 'Authority');
    const mesh = exampleMesh(stack, { certificateAuthority });
    for (const [index, certificateValidity] of validities.entries()) {
      mesh.addClient(`client-${index}`, { certificateValidity, ownKey: true });
    }
    const alarms = Object.values(resourcesOfType(stack, ALARM)).map(({ Properties }) => Properties);
    return alarms.find(({ MetricName }) => MetricName === 'DaysToAuthorityExpiry');
  };

  test.each([
    ['without clients', [], 90],
    ['with certificates of a week', [Duration.days(7)], 90],
    ['with certificates of 60 days', [Duration.days(60)], 90],
    ['with certificates that can not be renewed for the last year', [Duration.days(7), Duration.days(365)], 395],
    ['with certificates of a part of a day more', [Duration.hours(61 * 24 + 1)], 92],
  ])('%s', (_which, validities, days) => {
    expect(alarmOf(...validities)).toMatchObject({
      Threshold: days,
      AlarmDescription: `A certificate authority of mesh.example.com expires within ${days} days`,
    });
  });
});
