import { type Account, regionalArn } from '../../account';
import { type AwsCall, AwsError } from '../../endpoint/api';
import type { QueryInput } from '../../endpoint/query-protocol';
import type { XmlElements } from '../../endpoint/xml';
import { page } from '../shared/paging';
import type { Alarm } from './resources/alarm';
import type { MetricDatum } from './state';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html */
const METRICS_PAGE_SIZE = 500;
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html */
const ALARMS_PAGE_SIZE = 50;

/** Alarms never leave the state that they have before the first data. */
export function describeAlarms(account: Account, alarms: ReadonlyMap<string, Alarm>) {
  return (input: QueryInput, call: AwsCall): XmlElements => {
    call.authorize('cloudwatch:DescribeAlarms', regionalArn(account, 'cloudwatch', 'alarm:*'));
    const { AlarmNamePrefix = '', StateValue, MaxRecords, NextToken, ...others } = input;
    const names = membersOf(others, 'AlarmNames');
    membersOf(others, 'AlarmTypes');
    assertKnown('DescribeAlarms', others, ['AlarmNames', 'AlarmTypes']);
    const found = [...alarms.values()]
      .filter(({ name }) => name.startsWith(AlarmNamePrefix) && (names.length === 0 || names.includes(name)))
      .filter(() => StateValue === undefined || StateValue === 'INSUFFICIENT_DATA')
      .sort(({ name: one }, { name: other }) => (one < other ? -1 : 1));
    const { items, nextToken } = page(found, Number(MaxRecords ?? ALARMS_PAGE_SIZE), NextToken);
    return { MetricAlarms: { member: items.map(describe) }, CompositeAlarms: { member: [] }, NextToken: nextToken };
  };
}

/** Each combination of namespace, name, and dimensions in the data. */
export function listMetrics(data: readonly MetricDatum[]) {
  return (input: QueryInput, call: AwsCall): XmlElements => {
    call.authorize('cloudwatch:ListMetrics', '*');
    const { Namespace, MetricName, NextToken, ...others } = input;
    assertKnown('ListMetrics', others, []);
    const metrics = new Map<string, XmlElements>();
    for (const { namespace, name, dimensions } of data) {
      if ((Namespace ?? namespace) !== namespace || (MetricName ?? name) !== name) continue;
      const member = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
      metrics.set(JSON.stringify([namespace, name, member]), {
        Namespace: namespace,
        MetricName: name,
        Dimensions: { member },
      });
    }
    const { items, nextToken } = page([...metrics.values()], METRICS_PAGE_SIZE, NextToken);
    return { Metrics: { member: items }, NextToken: nextToken };
  };
}

function describe({ name, arn, properties, updatedDate }: Alarm): XmlElements {
  const { Tags: _tags, Metrics: metrics, Dimensions, AlarmName: _name, ...others } = properties;
  const actions = (arns: readonly string[] = []) => ({ member: arns });
  return {
    AlarmName: name,
    AlarmArn: arn,
    AlarmConfigurationUpdatedTimestamp: updatedDate,
    StateValue: 'INSUFFICIENT_DATA',
    StateReason: 'Unchecked: Initial alarm creation',
    StateUpdatedTimestamp: updatedDate,
    ...others,
    ActionsEnabled: properties.ActionsEnabled ?? true,
    AlarmActions: actions(properties.AlarmActions),
    OKActions: actions(properties.OKActions),
    InsufficientDataActions: actions(properties.InsufficientDataActions),
    Dimensions: { member: (Dimensions ?? []).map((dimension) => ({ ...dimension })) },
    Metrics: metrics && { member: metrics.map(withMembers) },
  };
}

/** Lists of a template as elements. */
function withMembers(value: unknown): XmlElements {
  const elements = Object.entries(Object(value)).map(([name, each]) => {
    if (Array.isArray(each)) return [name, { member: each.map(withMembers) }];
    return [name, typeof each === 'object' && each !== null ? withMembers(each) : each];
  });
  return Object.fromEntries(elements);
}

function membersOf(input: QueryInput, list: string): readonly string[] {
  return Object.entries(input).flatMap(([name, value]) => (name.startsWith(`${list}.member.`) ? value : []));
}

function assertKnown(operation: string, input: QueryInput, lists: readonly string[]): void {
  const other = Object.keys(input).find((name) => !lists.some((list) => name.split('.')[0] === list));
  if (other === undefined) return;
  throw new AwsError('NotImplemented', `the sandbox does not support the parameter ${other} of ${operation}`, 501);
}
