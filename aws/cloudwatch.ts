import { METRIC_DIMENSION, METRIC_NAMESPACE, type Metric } from '../mesh/contract';
import type { Log } from '../lambda/log';

/**
 * Metrics in CloudWatch's embedded metric format: a log line from which CloudWatch takes the values, without a call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export class Metrics {
  constructor(
    private readonly trustDomain: string,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  put(metric: Metric, value: number): void {
    this.log({
      event: 'metric',
      _aws: {
        Timestamp: this.now().getTime(),
        CloudWatchMetrics: [
          { Namespace: METRIC_NAMESPACE, Dimensions: [[METRIC_DIMENSION]], Metrics: [{ Name: metric }] },
        ],
      },
      [METRIC_DIMENSION]: this.trustDomain,
      [metric]: value,
    });
  }

  count(metric: Metric): void {
    this.put(metric, 1);
  }
}
