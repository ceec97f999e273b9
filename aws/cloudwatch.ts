/** Log lines and metrics for CloudWatch. */
import { METRIC_DIMENSION, METRIC_NAMESPACE, type Metric } from '../mesh/contract';
import type { AwsConnection } from './connection';
import { QueryCaller } from './query-caller';

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
}

/**
 * Metrics in CloudWatch's embedded metric format: log lines from which CloudWatch extracts the values, without a call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export class LoggedMetrics {
  constructor(private readonly options: MetricsOptions & { readonly log: Log }) {}

  async put(metric: Metric, value: number): Promise<void> {
    const { trustDomain, now, log } = this.options;
    log({
      event: 'metric',
      _aws: {
        Timestamp: now().getTime(),
        CloudWatchMetrics: [
          { Namespace: METRIC_NAMESPACE, Dimensions: [[METRIC_DIMENSION]], Metrics: [{ Name: metric }] },
        ],
      },
      [METRIC_DIMENSION]: trustDomain,
      [metric]: value,
    });
  }
}

/**
 * Metrics of a process that does not log to CloudWatch, such as an operator's command.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
 */
export class CalledMetrics {
  private readonly caller: QueryCaller;

  constructor(private readonly options: MetricsOptions & { readonly connection: AwsConnection }) {
    this.caller = new QueryCaller({
      service: { name: 'monitoring', actionPrefix: 'cloudwatch', endpointVariable: 'CLOUDWATCH' },
      version: '2010-08-01',
      connection: options.connection,
      retryPolicy: { attempts: 3, timeout: 5_000, backoff: { first: 100, longest: 1_000 } },
    });
  }

  /** @throws AwsCallError */
  async put(metric: Metric, value: number, signal: AbortSignal): Promise<void> {
    const { trustDomain, now } = this.options;
    const datum = {
      MetricName: metric,
      'Dimensions.member.1.Name': METRIC_DIMENSION,
      'Dimensions.member.1.Value': trustDomain,
      Timestamp: now().toISOString(),
      Value: String(value),
    };
    const members = Object.entries(datum).map(([name, text]) => [`MetricData.member.1.${name}`, text]);
    const input = { Namespace: METRIC_NAMESPACE, ...Object.fromEntries(members) };
    await this.caller.call('PutMetricData', input, (xml) => xml, signal);
  }
}
