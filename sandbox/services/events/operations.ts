import { type Account, regionalArn } from '../../account';
import { type AwsCall, AwsError } from '../../endpoint/api';
import type { JsonOperation } from '../../endpoint/json-protocol';
import { page } from '../shared/paging';
import { integer, list, number, optional, string, structure } from '../shared/shape';
import { busName, rulePath } from './resources/rule';
import { DEFAULT_BUS, type EventBuses, type NewEvent, type Rule } from './state';

/**
 * The size of all entries together.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevents-size
 */
const MAX_BYTES = 1024 * 1024;
/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html */
const PAGE_SIZE = 100;

const busNameShape = optional(string({ min: 1, max: 1600 }));
const limit = optional(integer({ min: 1, max: PAGE_SIZE }));

const entryShape = structure({
  Source: optional(string()),
  DetailType: optional(string({ max: 128 })),
  Detail: optional(string()),
  EventBusName: busNameShape,
  Resources: optional(list(string({ max: 2048 }))),
  /** Seconds since 1970. */
  Time: optional(number),
  TraceHeader: optional(string({ min: 1, max: 500 })),
});

type Entry = ReturnType<typeof entryShape>;

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Operations.html */
export function eventsOperations(account: Account, buses: EventBuses): Readonly<Record<string, JsonOperation>> {
  const shape = structure({ Entries: list(entryShape, { min: 1, max: 10 }) });

  function putEvents(input: unknown, call: AwsCall): object {
    const { Entries } = shape(input, '');
    for (const bus of new Set(Entries.map(({ EventBusName = DEFAULT_BUS }) => busName(EventBusName)))) {
      const entries = Entries.filter(({ EventBusName = DEFAULT_BUS }) => busName(EventBusName) === bus);
      // Both keys have many values:
      // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
      call.authorize('events:PutEvents', regionalArn(account, 'events', `event-bus/${bus}`), {
        'events:source': entries.map(({ Source = '' }) => Source),
        'events:detail-type': entries.map(({ DetailType = '' }) => DetailType),
      });
    }
    if (call.body.length > MAX_BYTES) {
      throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.');
    }
    const results = Entries.map(put);
    return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
  }

  /** The failure of an entry doesn't affect the others. */
  function put(entry: Entry): { EventId: string } | { ErrorCode: string; ErrorMessage: string } {
    try {
      return { EventId: buses.put(eventIn(entry)).id };
    } catch (error) {
      if (error instanceof AwsError) return { ErrorCode: error.code, ErrorMessage: error.message };
      throw error;
    }
  }

  function eventIn({ Source, DetailType, Detail, EventBusName, Resources = [], Time }: Entry): NewEvent {
    const bus = existingBus(EventBusName);
    const source = required('Source', Source);
    if (source.startsWith('aws.')) {
      throw new AwsError('NotAuthorizedForSource', 'Not authorized for the source.');
    }
    const time = Time === undefined ? {} : { time: new Date(Time * 1000) };
    const detailType = required('DetailType', DetailType);
    return { bus, source, detailType, detail: detailIn(required('Detail', Detail)), resources: Resources, ...time };
  }

  const listRulesShape = structure({
    NamePrefix: optional(string({ min: 1, max: 64 })),
    EventBusName: busNameShape,
    Limit: limit,
    NextToken: optional(string({ min: 1 })),
  });

  function listRules(input: unknown, call: AwsCall): object {
    const { NamePrefix = '', EventBusName, Limit = PAGE_SIZE, NextToken } = listRulesShape(input, '');
    call.authorize('events:ListRules', regionalArn(account, 'events', 'rule/*'));
    const bus = existingBus(EventBusName);
    const found = [...buses.rules.values()]
      .filter((rule) => rule.bus === bus && rule.name.startsWith(NamePrefix))
      .sort(({ name: one }, { name: other }) => (one < other ? -1 : 1));
    const { items, nextToken } = page(found, Limit, NextToken);
    return { Rules: items.map(describeRule), NextToken: nextToken };
  }

  const describeRuleShape = structure({ Name: string({ min: 1, max: 64 }), EventBusName: busNameShape });

  function describe(input: unknown, call: AwsCall): object {
    const { Name, EventBusName } = describeRuleShape(input, '');
    return describeRule(authorizedRule('DescribeRule', Name, EventBusName, call));
  }

  const listTargetsByRuleShape = structure({
    Rule: string({ min: 1, max: 64 }),
    EventBusName: busNameShape,
    Limit: limit,
    NextToken: optional(string({ min: 1 })),
  });

  function listTargetsByRule(input: unknown, call: AwsCall): object {
    const { Rule: name, EventBusName, Limit = PAGE_SIZE, NextToken } = listTargetsByRuleShape(input, '');
    const { targets } = authorizedRule('ListTargetsByRule', name, EventBusName, call);
    const { items, nextToken } = page(targets, Limit, NextToken);
    const Targets = items.map(({ id, arn, inputText }) => ({ Id: id, Arn: arn, Input: inputText }));
    return { Targets, NextToken: nextToken };
  }

  function authorizedRule(action: string, name: string, busGiven: string | undefined, call: AwsCall): Rule {
    const given = busName(busGiven ?? DEFAULT_BUS);
    call.authorize(`events:${action}`, regionalArn(account, 'events', `rule/${rulePath(given, name)}`));
    const bus = existingBus(busGiven);
    const rule = [...buses.rules.values()].find((one) => one.bus === bus && one.name === name);
    if (rule !== undefined) return rule;
    throw new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus ${bus}.`);
  }

  /** @throws AwsError `ResourceNotFoundException` */
  function existingBus(nameOrArn = DEFAULT_BUS): string {
    const bus = busName(nameOrArn);
    if (buses.names.has(bus)) return bus;
    throw new AwsError('ResourceNotFoundException', `Event bus ${bus} does not exist.`);
  }

  return {
    DescribeRule: describe,
    ListRules: listRules,
    ListTargetsByRule: listTargetsByRule,
    PutEvents: putEvents,
  };
}

function describeRule({ name, bus, arn, description, isEnabled, patternDocument, schedule }: Rule): object {
  return {
    Name: name,
    Arn: arn,
    EventPattern: patternDocument === undefined ? undefined : JSON.stringify(patternDocument),
    State: isEnabled ? 'ENABLED' : 'DISABLED',
    Description: description,
    ScheduleExpression: schedule,
    EventBusName: bus,
  };
}

function required(name: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return value;
  throw new AwsError('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
}

function detailIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const detail: unknown = JSON.parse(text);
    if (typeof detail === 'object' && detail !== null && !Array.isArray(detail)) return { ...detail };
  } catch {
    // Falls through: text that isn't JSON gets the same error.
  }
  throw new AwsError('MalformedDetail', 'Detail is malformed.');
}
