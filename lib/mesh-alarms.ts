import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { METRICS, type Metric } from '../mesh/contract';
import { meshMetric } from './private/mesh-metric';

/** Properties of `MeshAlarms`. */
export interface MeshAlarmsProps {
  /** The SPIFFE trust domain that is watched. */
  readonly trustDomain: string;

  /**
   * The topic that is told.
   * @default - none: alarms change their state and tell nobody
   */
  readonly topic?: sns.ITopic;
}

/** What somebody should look into before clients are refused. */
export class MeshAlarms extends Construct {
  /** A rotation failed. The certificate in the secret is as good as before, and Secrets Manager tries again. */
  readonly rotationFailed: cloudwatch.Alarm;

  /**
   * A certificate has less than a third of its validity left, as its rotation failed or never ran. Without data, and then
   * the topic is told as well, nobody has looked for three hours: the issuer doesn't run.
   */
  readonly certificateExpiring: cloudwatch.Alarm;

  /** An authority or trust anchor expires within 90 days, and all certificates below with it. */
  readonly authorityExpiring: cloudwatch.Alarm;

  private readonly action?: cloudwatch.IAlarmAction;

  constructor(scope: Construct, id: string, props: MeshAlarmsProps) {
    super(scope, id);

    const { trustDomain, topic } = props;
    this.action = topic && { bind: () => ({ alarmActionArn: topic.topicArn }) };

    this.rotationFailed = this.alarm('RotationFailed', trustDomain, METRICS.rotationsFailed, {
      alarmDescription: `A client certificate of ${trustDomain} could not be rotated`,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    this.certificateExpiring = this.alarm('CertificateExpiring', trustDomain, METRICS.certificatesExpiring, {
      alarmDescription: `A client certificate of ${trustDomain} is about to expire and has not been rotated`,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 3,
      datapointsToAlarm: 1,
      treatMissingData: cloudwatch.TreatMissingData.MISSING,
    });
    if (this.action) this.certificateExpiring.addInsufficientDataAction(this.action);
    this.authorityExpiring = this.alarm('AuthorityExpiring', trustDomain, METRICS.daysToAuthorityExpiry, {
      alarmDescription: `A certificate authority of ${trustDomain} expires within 90 days`,
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 90,
      evaluationPeriods: 3,
      datapointsToAlarm: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }

  private alarm(id: string, trustDomain: string, metric: Metric, options: cloudwatch.CreateAlarmOptions) {
    const alarm = meshMetric(trustDomain, metric).createAlarm(this, id, options);
    if (this.action) alarm.addAlarmAction(this.action);
    return alarm;
  }
}
