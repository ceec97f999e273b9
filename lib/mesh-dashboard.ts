import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { METRIC_DIMENSION, METRIC_NAMESPACE, METRICS, type Metric, REASON_DIMENSION } from '../mesh/contract';
import type { MeshAlarms } from './mesh-alarms';
import type { MtlsGateway } from './mtls-gateway';
import { meshMetric } from './private/mesh-metric';
import { checkProps } from './private/properties/check';
import { DASHBOARD_PROPS } from './private/properties/interface-kinds';

/** Options of a dashboard. */
export interface MeshDashboardOptions {
  /**
   * The name of the dashboard, unique in the account: letters, digits, `-`, and `_`.
   * @default - CloudFormation chooses a name
   */
  readonly dashboardName?: string;

  /**
   * The time that the dashboard shows when it is opened.
   * @default Duration.days(1)
   */
  readonly defaultInterval?: Duration;
}

/** Properties of a `MeshDashboard`. */
export interface MeshDashboardProps extends MeshDashboardOptions {
  /** The SPIFFE trust domain to show. */
  readonly trustDomain: string;

  /** The gateway of the trust domain. */
  readonly gateway: MtlsGateway;

  /**
   * The alarms of the trust domain.
   * @default - the dashboard shows no alarms
   */
  readonly alarms?: MeshAlarms;
}

/**
 * A CloudWatch dashboard of a mesh: alarms, requests, denials by reason, latency of the authorizer, calls by client,
 * rotations, and the time until certificates and authorities expire.
 *
 * Calls by client and the denied certificates are queries of the logs, which CloudWatch charges for by the data that they scan
 * whenever the dashboard is opened or refreshed. They are no metrics, because a metric for each caller would cost more. A
 * dashboard itself costs $3 a month beyond the first three of an account.
 *
 * @see https://aws.amazon.com/cloudwatch/pricing/
 */
export class MeshDashboard extends Construct {
  /** The dashboard. Use `addWidgets` to add your own widgets. */
  readonly dashboard: cloudwatch.Dashboard;

  private readonly trustDomain: string;

  constructor(scope: Construct, id: string, props: MeshDashboardProps) {
    super(scope, id);

    checkProps(this, props, DASHBOARD_PROPS);
    const { gateway, alarms } = props;
    this.trustDomain = props.trustDomain;
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: props.dashboardName,
      defaultInterval: props.defaultInterval ?? Duration.days(1),
    });
    if (alarms) this.dashboard.addWidgets(alarmStatus(alarms));
    this.dashboard.addWidgets(requests(gateway), this.denials());
    this.dashboard.addWidgets(authorizerLatency(gateway), gatewayLatency(gateway));
    this.dashboard.addWidgets(callsByClient(gateway), deniedCertificates(gateway));
    this.dashboard.addWidgets(this.rotations(), this.expiry());
  }

  /** A search, because a reason that has not occurred yet has no metric, and metrics cost money. */
  private denials(): cloudwatch.IWidget {
    const search =
      `SEARCH('{${METRIC_NAMESPACE},${METRIC_DIMENSION},${REASON_DIMENSION}} ` +
      `MetricName="${METRICS.requestsDenied}" ${METRIC_DIMENSION}="${this.trustDomain}"', 'Sum', 300)`;
    return new cloudwatch.GraphWidget({
      ...HALF,
      title: 'Denied requests by reason',
      stacked: true,
      left: [new cloudwatch.MathExpression({ expression: search, label: '', usingMetrics: {} })],
      leftYAxis: FROM_ZERO,
    });
  }

  private rotations(): cloudwatch.IWidget {
    return new cloudwatch.GraphWidget({
      ...HALF,
      title: 'Certificates',
      left: [
        this.metric(METRICS.certificatesIssued, 'issued'),
        this.metric(METRICS.rotationsSucceeded, 'rotated'),
        this.metric(METRICS.rotationsFailed, 'rotation failed'),
        this.metric(METRICS.certificatesRevoked, 'revoked'),
      ],
      leftYAxis: FROM_ZERO,
    });
  }

  private expiry(): cloudwatch.IWidget {
    return new cloudwatch.SingleValueWidget({
      ...HALF,
      title: 'Expiry',
      metrics: [
        this.metric(METRICS.hoursToExpiry, 'hours until the first certificate expires'),
        this.metric(METRICS.certificatesExpiring, 'certificates that expire soon'),
        this.metric(METRICS.daysToAuthorityExpiry, 'days until the first authority expires'),
      ],
    });
  }

  private metric(metric: Metric, label: string): cloudwatch.Metric {
    return meshMetric(this.trustDomain, metric, { label });
  }
}

/** The size of a widget that shares its row with another. */
const HALF = { width: 12, height: 6 };

const FROM_ZERO: cloudwatch.YAxisProps = { min: 0, showUnits: false };

function alarmStatus(alarms: MeshAlarms): cloudwatch.IWidget {
  const { rotationFailed, certificateExpiring, authorityExpiring, registryUnavailable, auditIncomplete } = alarms;
  const { revocationListsOverdue } = alarms;
  return new cloudwatch.AlarmStatusWidget({
    title: 'Alarms',
    width: 24,
    height: 3,
    alarms: [
      ...[rotationFailed, certificateExpiring, authorityExpiring, registryUnavailable, auditIncomplete],
      ...(revocationListsOverdue ? [revocationListsOverdue] : []),
    ],
  });
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html */
function requests({ api }: MtlsGateway): cloudwatch.IWidget {
  return new cloudwatch.GraphWidget({
    ...HALF,
    title: 'Requests',
    left: [
      api.metricCount({ label: 'all', statistic: cloudwatch.Stats.SUM }),
      api.metricClientError({ label: '4xx', statistic: cloudwatch.Stats.SUM }),
      api.metricServerError({ label: '5xx', statistic: cloudwatch.Stats.SUM }),
    ],
    leftYAxis: FROM_ZERO,
  });
}

function authorizerLatency({ handler }: MtlsGateway): cloudwatch.IWidget {
  return new cloudwatch.GraphWidget({
    ...HALF,
    title: 'Latency of the authorizer',
    left: latency((statistic) => handler.metricDuration({ label: statistic, statistic })),
    right: [handler.metricErrors({ label: 'errors' }), handler.metricThrottles({ label: 'throttled' })],
    leftYAxis: { ...FROM_ZERO, label: 'ms' },
    rightYAxis: FROM_ZERO,
  });
}

function gatewayLatency({ api }: MtlsGateway): cloudwatch.IWidget {
  return new cloudwatch.GraphWidget({
    ...HALF,
    title: 'Latency of the gateway, with services',
    left: latency((statistic) => api.metricLatency({ label: statistic, statistic })),
    leftYAxis: { ...FROM_ZERO, label: 'ms' },
  });
}

function latency(metric: (statistic: string) => cloudwatch.IMetric): cloudwatch.IMetric[] {
  return ['p50', 'p90', 'p99'].map(metric);
}

/** API Gateway writes a hyphen for a variable without a value. */
function callsByClient({ accessLog }: MtlsGateway): cloudwatch.IWidget {
  return new cloudwatch.LogQueryWidget({
    ...HALF,
    title: 'Calls by client',
    logGroupNames: [accessLog.logGroupName],
    view: cloudwatch.LogQueryVisualizationType.TABLE,
    queryLines: [
      'filter ispresent(clientName) and clientName != "-"',
      'stats count(*) as calls by clientName, status',
      'sort calls desc',
      'limit 100',
    ],
  });
}

function deniedCertificates({ authorizerLog }: MtlsGateway): cloudwatch.IWidget {
  return new cloudwatch.LogQueryWidget({
    ...HALF,
    title: 'Denied certificates',
    logGroupNames: [authorizerLog.logGroupName],
    view: cloudwatch.LogQueryVisualizationType.TABLE,
    queryLines: [
      'filter event = "denied"',
      'stats count(*) as requests, max(@timestamp) as last by code, subject, serialNumber',
      'sort requests desc',
      'limit 100',
    ],
  });
}
