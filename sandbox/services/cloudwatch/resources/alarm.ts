import { regionalArn } from '../../../account';
import { physicalName } from '../../../cloudformation/physical-name';
import type { Resource, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import type { Surroundings } from '../../shared/service';
import { anything, boolean, integer, list, number, optional, string, structure } from '../../shared/shape';

const MAX_ALARM_NAME = 255;

const actions = optional(list(string({ min: 1, max: 1024 }), { max: 5 }));

const alarmShape = structure({
  ActionsEnabled: optional(boolean),
  AlarmActions: actions,
  AlarmDescription: optional(string({ max: 1024 })),
  AlarmName: optional(string({ min: 1, max: MAX_ALARM_NAME })),
  ComparisonOperator: string(),
  DatapointsToAlarm: optional(integer({ min: 1 })),
  Dimensions: optional(list(structure({ Name: string({ min: 1 }), Value: string({ min: 1 }) }), { max: 30 })),
  EvaluationPeriods: integer({ min: 1 }),
  ExtendedStatistic: optional(string()),
  InsufficientDataActions: actions,
  MetricName: optional(string({ min: 1, max: 255 })),
  Metrics: optional(list(anything)),
  Namespace: optional(string({ min: 1, max: 255 })),
  OKActions: actions,
  Period: optional(integer({ min: 10 })),
  Statistic: optional(string()),
  Tags: optional(anything),
  Threshold: optional(number),
  TreatMissingData: optional(string()),
  Unit: optional(string()),
});

type AlarmProperties = ReturnType<typeof alarmShape>;

export interface Alarm {
  readonly name: string;
  readonly arn: string;
  readonly properties: AlarmProperties;
  readonly updatedDate: Date;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html */
export function alarmType({ account, clock }: Surroundings, alarms: Map<string, Alarm>): ResourceType {
  const set = (name: string, properties: AlarmProperties): Resource => {
    const arn = regionalArn(account, 'cloudwatch', `alarm:${name}`);
    alarms.set(name, { name, arn, properties, updatedDate: clock.now() });
    return { physicalId: name, attributes: { Arn: arn } };
  };
  const mutable = {
    ActionsEnabled: 'mutable',
    AlarmActions: 'mutable',
    AlarmDescription: 'mutable',
    ComparisonOperator: 'mutable',
    DatapointsToAlarm: 'mutable',
    Dimensions: 'mutable',
    EvaluationPeriods: 'mutable',
    ExtendedStatistic: 'mutable',
    InsufficientDataActions: 'mutable',
    MetricName: 'mutable',
    Metrics: 'mutable',
    Namespace: 'mutable',
    OKActions: 'mutable',
    Period: 'mutable',
    Statistic: 'mutable',
    Tags: 'mutable',
    Threshold: 'mutable',
    TreatMissingData: 'mutable',
    Unit: 'mutable',
  } as const;
  return {
    properties: { AlarmName: 'createOnly', ...mutable },
    otherProperties: 'ignored',
    create: async (request) => {
      const alarm = readAlarm(request.properties);
      const name = alarm.AlarmName ?? physicalName(request, MAX_ALARM_NAME);
      if (alarms.has(name)) throw new AwsError('ResourceAlreadyExistsException', `the alarm ${name} already exists`);
      return set(name, alarm);
    },
    update: async ({ properties }, { physicalId }) => set(physicalId, readAlarm(properties)),
    delete: async (_request, { physicalId }) => {
      alarms.delete(physicalId);
    },
  };
}

function readAlarm(properties: unknown): AlarmProperties {
  const alarm = alarmShape(properties, '');
  if ((alarm.MetricName === undefined) === (alarm.Metrics === undefined)) {
    throw new AwsError('ValidationError', 'an alarm must have either MetricName or Metrics');
  }
  return alarm;
}
