/** Log lines and metrics for CloudWatch. */
import { METRIC_DIMENSION, METRIC_NAMESPACE, type Metric, REASON_DIMENSION } from '../mesh/contract';

/** One step of a function, as one line of JSON. It never holds a private key or a presigned URL. */
export interface LogEntry {
  /** What happened, in kebab case. Search the logs for it. */
  readonly event: string;
  readonly [field: string]: unknown;
}

export type Log = (entry: LogEntry) => void;

/** Writes a log line. JSON escapes line breaks and control characters, so no value can forge a second entry. */
export const logLine: Log = (entry) => console.log(JSON.stringify(entry));

export interface MetricsOptions {
  readonly trustDomain: string;
  readonly now: () => Date;
  readonly log: Log;
}

/**
 * Metrics in CloudWatch's embedded metric format: log lines from which CloudWatch extracts the values, without a call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export class LoggedMetrics {
  constructor(private readonly options: MetricsOptions) {}

  async put(metric: Metric, value: number): Promise<void> {
    this.write(metric, value, {});
  }

  /** The value counts in total, and once more by its reason. */
  putByReason(metric: Metric, value: number, reason: string): void {
    this.write(metric, value, { [REASON_DIMENSION]: reason });
  }

  private write(metric: Metric, value: number, dimensions: Readonly<Record<string, string>>): void {
    const { trustDomain, now, log } = this.options;
    const further = Object.keys(dimensions);
    log({
      event: 'metric',
      _aws: {
        Timestamp: now().getTime(),
        CloudWatchMetrics: [
          {
            Namespace: METRIC_NAMESPACE,
            Dimensions: [[METRIC_DIMENSION], ...(further.length > 0 ? [[METRIC_DIMENSION, ...further]] : [])],
            Metrics: [{ Name: metric }],
          },
        ],
      },
      [METRIC_DIMENSION]: trustDomain,
      ...dimensions,
      [metric]: value,
    });
  }
}
