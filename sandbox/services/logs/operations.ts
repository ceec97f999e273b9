import { type Account, regionalArn } from '../../account';
import { type AwsCall, AwsError } from '../../endpoint/api';
import type { JsonOperation } from '../../endpoint/json-protocol';
import { page } from '../shared/paging';
import { boolean, integer, list, oneOf, optional, string, structure } from '../shared/shape';
import { parseFilterPattern } from './filter-pattern';
import { eventId, type LogEvent, type LogGroup, type LogGroups } from './state';

const groupName = string({ min: 1, max: 512 });
const groupIdentifier = string({ min: 1, max: 2048 });
const streamName = string({ min: 1, max: 512 });
const token = optional(string({ min: 1 }));
const milliseconds = optional(integer({ min: 0 }));

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html */
export function logsOperations(account: Account, groups: LogGroups): Readonly<Record<string, JsonOperation>> {
  const arnOf = (name: string) => regionalArn(account, 'logs', `log-group:${name}`);

  function authorizedGroup(
    action: string,
    call: AwsCall,
    given: { readonly logGroupName?: string | undefined; readonly logGroupIdentifier?: string | undefined },
  ): LogGroup {
    const name = given.logGroupName ?? given.logGroupIdentifier?.replace(/^.*:log-group:([^:]+).*$/, '$1');
    if (name === undefined) throw invalid('logGroupName or logGroupIdentifier must be given');
    call.authorize(`logs:${action}`, `${arnOf(name)}:log-stream:`);
    return groups.get(name);
  }

  const describeLogGroupsShape = structure({
    logGroupNamePrefix: optional(groupName),
    logGroupNamePattern: optional(groupName),
    limit: optional(integer({ min: 1, max: 50 })),
    nextToken: token,
  });

  function describeLogGroups(input: unknown, call: AwsCall): object {
    const {
      logGroupNamePrefix = '',
      logGroupNamePattern = '',
      limit = 50,
      nextToken,
    } = describeLogGroupsShape(input, '');
    call.authorize('logs:DescribeLogGroups', `${arnOf('')}:log-stream:`);
    const found = groups
      .all()
      .filter(({ name }) => name.startsWith(logGroupNamePrefix))
      .filter(({ name }) => name.toLowerCase().includes(logGroupNamePattern.toLowerCase()));
    const { items, nextToken: next } = page(sortedByName(found), limit, nextToken);
    return { logGroups: items.map(describeGroup), nextToken: next };
  }

  function describeGroup({ name, createdDate, retentionDays, events }: LogGroup): object {
    return {
      logGroupName: name,
      creationTime: createdDate.getTime(),
      retentionInDays: retentionDays,
      metricFilterCount: 0,
      arn: `${arnOf(name)}:*`,
      storedBytes: events.reduce((sum, { line }) => sum + Buffer.byteLength(line), 0),
      logGroupClass: 'STANDARD',
      logGroupArn: arnOf(name),
    };
  }

  const describeLogStreamsShape = structure({
    logGroupName: optional(groupName),
    logGroupIdentifier: optional(groupIdentifier),
    logStreamNamePrefix: optional(streamName),
    orderBy: optional(oneOf('LogStreamName', 'LastEventTime')),
    descending: optional(boolean),
    limit: optional(integer({ min: 1, max: 50 })),
    nextToken: token,
  });

  function describeLogStreams(input: unknown, call: AwsCall): object {
    const {
      logStreamNamePrefix = '',
      orderBy,
      descending,
      limit = 50,
      nextToken,
      ...given
    } = describeLogStreamsShape(input, '');
    const group = authorizedGroup('DescribeLogStreams', call, given);
    const found = streamsOf(group).filter(({ name }) => name.startsWith(logStreamNamePrefix));
    // Streams are in the order of their first events, so by time only the last events must be compared.
    const sorted =
      orderBy === 'LastEventTime'
        ? found.sort((one, other) => one.last.sequence - other.last.sequence)
        : sortedByName(found);
    const { items, nextToken: next } = page(descending ? sorted.reverse() : sorted, limit, nextToken);
    const logStreams = items.map(({ name, first, last }) => ({
      logStreamName: name,
      creationTime: first.time.getTime(),
      firstEventTimestamp: first.time.getTime(),
      lastEventTimestamp: last.time.getTime(),
      lastIngestionTime: last.time.getTime(),
      arn: `${arnOf(group.name)}:log-stream:${name}`,
      storedBytes: 0,
    }));
    return { logStreams, nextToken: next };
  }

  const filterLogEventsShape = structure({
    logGroupName: optional(groupName),
    logGroupIdentifier: optional(groupIdentifier),
    logStreamNames: optional(list(streamName, { min: 1, max: 100 })),
    logStreamNamePrefix: optional(streamName),
    startTime: milliseconds,
    endTime: milliseconds,
    filterPattern: optional(string({ max: 1024 })),
    limit: optional(integer({ min: 1, max: 10_000 })),
    // Without effect: events of several streams are always interleaved, and nothing is masked.
    interleaved: optional(boolean),
    unmask: optional(boolean),
    nextToken: token,
  });

  function filterLogEvents(input: unknown, call: AwsCall): object {
    const { filterPattern = '', limit = 10_000, nextToken, ...given } = filterLogEventsShape(input, '');
    const group = authorizedGroup('FilterLogEvents', call, given);
    const isWanted = parseFilterPattern(filterPattern);
    const found = group.events
      .filter((event) => isWithin(event, given))
      .filter(({ stream }) => given.logStreamNames?.includes(stream) ?? true)
      .filter(({ stream }) => stream.startsWith(given.logStreamNamePrefix ?? ''))
      .filter(({ line }) => isWanted(line));
    const { items, nextToken: next } = page(found, limit, nextToken);
    const events = items.map((event) => ({
      logStreamName: event.stream,
      ...describeEvent(event),
      eventId: eventId(event),
    }));
    return { events, searchedLogStreams: [], nextToken: next };
  }

  const getLogEventsShape = structure({
    logGroupName: optional(groupName),
    logGroupIdentifier: optional(groupIdentifier),
    logStreamName: streamName,
    startTime: milliseconds,
    endTime: milliseconds,
    limit: optional(integer({ min: 1, max: 10_000 })),
    startFromHead: optional(boolean),
    unmask: optional(boolean),
    nextToken: token,
  });

  /** The tokens are sequence numbers of the group, so a page continues after events that were added or dropped since. */
  function getLogEvents(input: unknown, call: AwsCall): object {
    const { logStreamName, limit = 10_000, startFromHead, nextToken, ...given } = getLogEventsShape(input, '');
    const group = authorizedGroup('GetLogEvents', call, given);
    const ofStream = group.events.filter(({ stream }) => stream === logStreamName);
    if (ofStream.length === 0) {
      throw new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
    }
    const found = ofStream.filter((event) => isWithin(event, given));
    const events = pageOfStream(found, limit, startFromHead ?? false, nextToken);
    const position = nextToken?.slice(2) ?? '0';
    return {
      events: events.map(describeEvent),
      nextForwardToken: `f/${events.at(-1)?.sequence ?? position}`,
      nextBackwardToken: `b/${events[0]?.sequence ?? position}`,
    };
  }

  return {
    DescribeLogGroups: describeLogGroups,
    DescribeLogStreams: describeLogStreams,
    FilterLogEvents: filterLogEvents,
    GetLogEvents: getLogEvents,
  };
}

interface LogStream {
  readonly name: string;
  readonly first: LogEvent;
  readonly last: LogEvent;
}

function streamsOf({ events }: LogGroup): LogStream[] {
  const streams = new Map<string, LogStream>();
  for (const event of events) {
    const { stream: name } = event;
    streams.set(name, { name, first: streams.get(name)?.first ?? event, last: event });
  }
  return [...streams.values()];
}

function pageOfStream(
  events: readonly LogEvent[],
  limit: number,
  startFromHead: boolean,
  token: string | undefined,
): readonly LogEvent[] {
  if (token === undefined) return startFromHead ? events.slice(0, limit) : events.slice(-limit);
  const [, direction, position] = /^([fb])\/(\d{1,15})$/.exec(token) ?? [];
  if (direction === undefined) throw invalid('The specified nextToken is invalid.');
  return direction === 'f'
    ? events.filter(({ sequence }) => sequence > Number(position)).slice(0, limit)
    : events.filter(({ sequence }) => sequence < Number(position)).slice(-limit);
}

function isWithin(
  { time }: LogEvent,
  {
    startTime = 0,
    endTime = Number.POSITIVE_INFINITY,
  }: { startTime?: number | undefined; endTime?: number | undefined },
): boolean {
  return time.getTime() >= startTime && time.getTime() <= endTime;
}

function describeEvent({ time, line }: LogEvent): object {
  return { timestamp: time.getTime(), message: line, ingestionTime: time.getTime() };
}

function sortedByName<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return [...all].sort(({ name: one }, { name: other }) => (one < other ? -1 : 1));
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
