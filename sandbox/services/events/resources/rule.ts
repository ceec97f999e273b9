import { type Account, regionalArn } from '../../../account';
import type { Appointment, Clock } from '../../../clock';
import { physicalName } from '../../../cloudformation/physical-name';
import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { nextTime, parseSchedule, type Schedule } from '../../../schedule/expression';
import { anything, integer, list, oneOf, optional, string, structure } from '../../shared/shape';
import { parseEventPattern } from '../event-pattern';
import { DEFAULT_BUS, type EventBuses, type Rule } from '../state';

const MAX_RULE_NAME = 64;

const shape = structure({
  Name: optional(string({ min: 1, max: MAX_RULE_NAME }, /^[\w.-]+$/)),
  Description: optional(string({ max: 512 })),
  EventBusName: optional(string({ min: 1, max: 1600 })),
  EventPattern: optional(anything),
  ScheduleExpression: optional(string({ max: 256 })),
  State: optional(oneOf('ENABLED', 'DISABLED')),
  Targets: optional(
    list(
      structure({
        Arn: string({ min: 1, max: 1600 }),
        Id: string({ min: 1, max: 64 }),
        Input: optional(string({ max: 8192 })),
        // Without effect: the targets in the sandbox have no errors that EventBridge retries.
        RetryPolicy: optional(
          structure({
            MaximumEventAgeInSeconds: optional(integer({ min: 60, max: 86_400 })),
            MaximumRetryAttempts: optional(integer({ min: 0, max: 185 })),
          }),
        ),
      }),
      { max: 5 },
    ),
  ),
  Tags: optional(anything),
});

/**
 * `AWS::Events::Rule`. Its physical ID is its name, after the name of its bus unless that is the default one.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
 */
export function ruleType(account: Account, clock: Clock, buses: EventBuses): ResourceType {
  const appointments = new Map<string, Appointment>();

  function set(physicalId: string, properties: Properties): Resource {
    const {
      Description,
      EventBusName = DEFAULT_BUS,
      EventPattern,
      ScheduleExpression,
      State,
      Targets = [],
    } = shape(properties, '');
    if (EventPattern === undefined && ScheduleExpression === undefined) {
      throw new AwsError('ValidationException', 'a rule must have an EventPattern or a ScheduleExpression');
    }
    const bus = busName(EventBusName);
    if (!buses.names.has(bus)) throw new AwsError('ResourceNotFoundException', `Event bus ${bus} does not exist.`);
    if (bus !== DEFAULT_BUS && ScheduleExpression !== undefined) {
      throw new AwsError('ValidationException', 'ScheduleExpression is supported only on the default event bus.');
    }
    const name = physicalId.split('|').at(-1) ?? physicalId;
    const schedule = ScheduleExpression === undefined ? undefined : parseSchedule(ScheduleExpression);
    const rule: Rule = {
      name,
      bus,
      arn: regionalArn(account, 'events', `rule/${rulePath(bus, name)}`),
      description: Description,
      isEnabled: State !== 'DISABLED',
      pattern: EventPattern === undefined ? undefined : parseEventPattern(EventPattern),
      patternDocument: EventPattern,
      schedule: ScheduleExpression,
      targets: Targets.map(({ Arn, Id, Input }) => ({
        id: Id,
        arn: Arn,
        input: Input === undefined ? undefined : json(Input),
        inputText: Input,
      })),
    };
    buses.rules.set(physicalId, rule);
    appointments.get(physicalId)?.cancel();
    if (schedule !== undefined && rule.isEnabled) keepTo(schedule, rule, clock.now());
    return { physicalId, attributes: { Arn: rule.arn } };
  }

  function keepTo(schedule: Schedule, rule: Rule, after: Date): void {
    const time = nextTime(schedule, after);
    if (time === undefined) return;
    const appointment = clock.at(time, async () => {
      keepTo(schedule, rule, time);
      await buses.tick(rule);
    });
    appointments.set(rule.name, appointment);
  }

  return {
    properties: {
      Name: 'createOnly',
      Description: 'mutable',
      EventBusName: 'createOnly',
      EventPattern: 'mutable',
      ScheduleExpression: 'mutable',
      State: 'mutable',
      Targets: 'mutable',
      Tags: 'mutable',
    },
    create: async (request) => {
      const { Name, EventBusName = DEFAULT_BUS } = shape(request.properties, '');
      const name = Name ?? physicalName(request, MAX_RULE_NAME);
      const bus = busName(EventBusName);
      const id = bus === DEFAULT_BUS ? name : `${bus}|${name}`;
      if (buses.rules.has(id)) throw new AwsError('ResourceAlreadyExistsException', `the rule ${name} already exists`);
      return set(id, request.properties);
    },
    update: async ({ properties }, resource) => set(resource.physicalId, properties),
    delete: async (_request, { physicalId }) => {
      appointments.get(physicalId)?.cancel();
      appointments.delete(physicalId);
      buses.rules.delete(physicalId);
    },
  };
}

/** The end of the ARN of a rule. */
export function rulePath(bus: string, name: string): string {
  return bus === DEFAULT_BUS ? name : `${bus}/${name}`;
}

/** From the name or the ARN of a bus. */
export function busName(nameOrArn: string): string {
  return nameOrArn.replace(/^arn:[^/]*\//, '');
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AwsError('ValidationException', `the Input of a target must be JSON: ${(cause as Error).message}`);
  }
}
