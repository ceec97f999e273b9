import { Lazy } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { METRICS, type Metric } from '../mesh/contract';
import type { ICertificateIssuer } from './interfaces';
import { clientsOf } from './private/issuer-clients';
import { meshMetric } from './private/mesh-metric';
import { checkProps } from './private/properties/check';
import { ALARMS_PROPS } from './private/properties/interface-kinds';

/** Days before the end of an authority. */
const AUTHORITY_WARNING = 90;

/** Days between the alarm of an authority and the first certificate that it can't issue for the whole validity. */
const RENEWAL_WARNING = 30;

/** Properties of `MeshAlarms`. */
export interface MeshAlarmsProps {
  /** The SPIFFE trust domain to monitor. */
  readonly trustDomain: string;

  /**
   * The issuer of the clients' certificates. With clients in this app whose certificates are valid for more than 60 days,
   * `authorityExpiring` goes off earlier.
   *
   * @default - `authorityExpiring` goes off 90 days before, however long certificates are valid
   */
  readonly issuer?: ICertificateIssuer;

  /**
   * Whether the mesh publishes revocation lists.
   * @default false
   */
  readonly revocationLists?: boolean;

  /**
   * The topic that alarms notify.
   * @default - none: alarms change their state without a notification
   */
  readonly topic?: sns.ITopic;
}

/** Alarms that ring before the gateway refuses clients, and for events that could not be sent. */
export class MeshAlarms extends Construct {
  /** A rotation failed. The certificate in the secret remains valid, and Secrets Manager tries again. */
  readonly rotationFailed: cloudwatch.Alarm;

  /**
   * A certificate has less than a third of its validity left, because its rotation failed or never ran. The alarm has
   * insufficient data, and notifies the topic of that, if the issuer hasn't run for three hours.
   */
  readonly certificateExpiring: cloudwatch.Alarm;

  /**
   * A certificate authority or trust anchor expires soon, and with it all certificates that it issued: within 90 days, or 30
   * days more than the longest validity of a certificate, if that is earlier. ACM PCA issues no certificate that would
   * outlive its authority, so then the last rotations before the end of an authority fail.
   *
   * @see https://docs.aws.amazon.com/privateca/latest/APIReference/API_IssueCertificate.html
   */
  readonly authorityExpiring: cloudwatch.Alarm;

  /**
   * The authorizer could not look up a caller in the registry. It still accepts clients that it knows, for the time that
   * `outageTolerance` of the gateway sets, and answers all others with 500.
   */
  readonly registryUnavailable: cloudwatch.Alarm;

  /**
   * An event or metric of a change could not be sent, so what listens to the mesh's events may have missed it. The change
   * itself took effect. The log line `audit-incomplete` names it and the reason.
   */
  readonly auditIncomplete: cloudwatch.Alarm;

  /**
   * The revocation lists were not published for three hours. Servers refuse all clients once a list is older than its validity,
   * by default 24 hours.
   *
   * @default - the mesh publishes none
   */
  readonly revocationListsOverdue?: cloudwatch.Alarm;

  private readonly action?: cloudwatch.IAlarmAction;

  constructor(scope: Construct, id: string, props: MeshAlarmsProps) {
    super(scope, id);

    checkProps(this, props, ALARMS_PROPS);
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
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: AUTHORITY_WARNING,
      evaluationPeriods: 3,
      datapointsToAlarm: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    // Clients are added later.
    const resource = this.authorityExpiring.node.defaultChild as cloudwatch.CfnAlarm;
    const days = () => authorityWarning(props.issuer);
    resource.threshold = Lazy.number({ produce: days });
    resource.alarmDescription = Lazy.string({
      produce: () => `A certificate authority of ${trustDomain} expires within ${days()} days`,
    });
    this.registryUnavailable = this.alarm('RegistryUnavailable', trustDomain, METRICS.registryUnavailable, {
      alarmDescription: `The authorizer of ${trustDomain} can't read the registry and will soon refuse clients`,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    this.auditIncomplete = this.alarm('AuditIncomplete', trustDomain, METRICS.auditIncomplete, {
      alarmDescription: `An event or metric of ${trustDomain} could not be sent`,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    if (!props.revocationLists) return;
    this.revocationListsOverdue = this.alarm('RevocationListsOverdue', trustDomain, METRICS.revocationListsPublished, {
      alarmDescription: `The revocation lists of ${trustDomain} were not published for three hours`,
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 3,
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
    });
  }

  private alarm(id: string, trustDomain: string, metric: Metric, options: cloudwatch.CreateAlarmOptions) {
    const alarm = meshMetric(trustDomain, metric).createAlarm(this, id, options);
    if (this.action) alarm.addAlarmAction(this.action);
    return alarm;
  }
}

/** In days. The validity of clients of other apps isn't known. */
function authorityWarning(issuer?: ICertificateIssuer): number {
  const validities = (issuer ? clientsOf(issuer) : [])
    .filter(({ _certificateValidity: validity }) => !validity.isUnresolved())
    .map(({ _certificateValidity: validity }) => Math.ceil(validity.toDays({ integral: false })));
  return Math.max(AUTHORITY_WARNING, ...validities.map((days) => days + RENEWAL_WARNING));
}
