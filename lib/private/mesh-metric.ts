import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRIC_DIMENSION, METRIC_NAMESPACE, METRICS, type Metric } from '../../mesh/contract';

/** The default statistic of each metric. */
const STATISTICS: Readonly<Record<Metric, string>> = {
  [METRICS.certificatesIssued]: cloudwatch.Stats.SUM,
  [METRICS.rotationsSucceeded]: cloudwatch.Stats.SUM,
  [METRICS.rotationsFailed]: cloudwatch.Stats.SUM,
  [METRICS.certificatesRevoked]: cloudwatch.Stats.SUM,
  [METRICS.auditIncomplete]: cloudwatch.Stats.SUM,
  [METRICS.certificatesExpiring]: cloudwatch.Stats.MAXIMUM,
  [METRICS.registryItemsMalformed]: cloudwatch.Stats.MAXIMUM,
  [METRICS.hoursToExpiry]: cloudwatch.Stats.MINIMUM,
  [METRICS.daysToAuthorityExpiry]: cloudwatch.Stats.MINIMUM,
  [METRICS.registryUnavailable]: cloudwatch.Stats.SUM,
  [METRICS.revocationListsPublished]: cloudwatch.Stats.SUM,
  [METRICS.requestsDenied]: cloudwatch.Stats.SUM,
};

/** Metrics with a value every hour, so shorter periods would be empty. */
const HOURLY: readonly Metric[] = [
  METRICS.registryItemsMalformed,
  METRICS.certificatesExpiring,
  METRICS.hoursToExpiry,
  METRICS.daysToAuthorityExpiry,
  METRICS.revocationListsPublished,
];

export function meshMetric(
  trustDomain: string,
  metricName: Metric,
  options?: cloudwatch.MetricOptions,
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { [METRIC_DIMENSION]: trustDomain },
    statistic: STATISTICS[metricName],
    period: HOURLY.includes(metricName) ? Duration.hours(1) : Duration.minutes(5),
    ...options,
  });
}
