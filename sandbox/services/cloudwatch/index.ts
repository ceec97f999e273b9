import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi } from '../../endpoint/api';
import { queryApi } from '../../endpoint/query-protocol';
import type { Service, Surroundings } from '../shared/service';
import { putMetricData } from './operations';
import { describeAlarms, listMetrics } from './reading-operations';
import { type Alarm, alarmType } from './resources/alarm';
import { dashboardType } from './resources/dashboard';
import type { MetricDatum } from './state';

/**
 * Amazon CloudWatch: alarms and dashboards are checked when they are created. Alarms never change state. Metric data is
 * kept for tests to read, and isn't aggregated.
 */
export class CloudWatchService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;
  private readonly data: MetricDatum[] = [];

  constructor(surroundings: Surroundings) {
    const { account, clock } = surroundings;
    const alarms = new Map<string, Alarm>();
    this.resourceTypes = {
      'AWS::CloudWatch::Alarm': alarmType(surroundings, alarms),
      'AWS::CloudWatch::Dashboard': dashboardType(),
    };
    this.api = queryApi({
      signingName: 'monitoring',
      version: '2010-08-01',
      namespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
      jsonTargetPrefix: 'GraniteServiceVersion20100801',
      operations: {
        DescribeAlarms: describeAlarms(account, alarms),
        ListMetrics: listMetrics(this.data),
        PutMetricData: putMetricData(this.data, () => clock.now()),
      },
    });
  }

  /** The data that callers put, oldest first. */
  get metricData(): readonly MetricDatum[] {
    return this.data;
  }
}
