import { type AwsCall, AwsError } from '../../endpoint/api';
import type { QueryInput } from '../../endpoint/query-protocol';
import type { MetricDatum } from './state';

const MEMBER = /^MetricData\.member\.(\d{1,4})\.(.+)$/;
const DIMENSION = /^Dimensions\.member\.(\d{1,2})\.(Name|Value)$/;

type Fields = ReadonlyMap<string, string>;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html */
export function putMetricData(data: MetricDatum[], now: () => Date) {
  return ({ Namespace: namespace = '', ...input }: QueryInput, call: AwsCall) => {
    call.authorize('cloudwatch:PutMetricData', '*', { 'cloudwatch:namespace': namespace });
    if (!/^[^:].{0,254}$/s.test(namespace) || namespace.startsWith('AWS/')) {
      throw invalid('The value for parameter Namespace is invalid.');
    }
    const members = membersOf(input);
    if (members.length === 0) throw new AwsError('MissingParameter', 'The parameter MetricData is required.');
    data.push(...members.map((fields) => ({ namespace, ...datumIn(fields, now()) })));
    return {};
  };
}

function membersOf(input: QueryInput): readonly Fields[] {
  const members = new Map<string, Map<string, string>>();
  const { MetricData: _emptyList, ...parameters } = input;
  for (const [parameter, value] of Object.entries(parameters)) {
    const [, index, field] = MEMBER.exec(parameter) ?? [];
    if (index === undefined || field === undefined) throw notEmulated(parameter);
    const fields = members.get(index) ?? new Map<string, string>();
    members.set(index, fields.set(field, value));
  }
  return [...members.values()];
}

function datumIn(fields: Fields, at: Date): Omit<MetricDatum, 'namespace'> {
  const {
    MetricName: name = '',
    Value: value,
    Timestamp: timestamp,
    Unit: _unit,
    ...others
  } = Object.fromEntries(fields);
  const dimensions = dimensionsIn(others);
  if (name === '' || name.length > 255)
    throw invalid('The value for parameter MetricData.member.MetricName is invalid.');
  if (value === undefined || value.trim() === '' || !Number.isFinite(Number(value))) {
    throw invalid('The parameter MetricData.member.Value must be a number.');
  }
  const time = timestamp === undefined ? at : new Date(timestamp);
  if (Number.isNaN(time.getTime())) throw invalid('The value for parameter MetricData.member.Timestamp is invalid.');
  return { name, dimensions, value: Number(value), timestamp: time };
}

function dimensionsIn(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const pairs = new Map<string, { Name?: string; Value?: string }>();
  for (const [field, text] of Object.entries(fields)) {
    const [, index, part] = DIMENSION.exec(field) ?? [];
    if (index === undefined || part === undefined) throw notEmulated(`MetricData.member.${field}`);
    pairs.set(index, { ...pairs.get(index), [part]: text });
  }
  return Object.fromEntries(
    [...pairs.values()].map(({ Name, Value }) => {
      if (!Name || !Value) throw invalid('The parameter MetricData.member.Dimensions needs names and values.');
      return [Name, Value];
    }),
  );
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message);
}

function notEmulated(parameter: string): AwsError {
  return new AwsError(
    'NotImplemented',
    `the sandbox does not emulate the parameter ${parameter} of PutMetricData`,
    501,
  );
}
