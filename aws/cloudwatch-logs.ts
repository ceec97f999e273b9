import type { AwsConnection } from './connection';
import { asJsonObject, asText, JsonCaller, type JsonObject } from './json-caller';

/** An account may make five calls a second, in some Regions more, so a throttled one waits rather than fails. */
const RETRY_POLICY = { attempts: 4, timeout: 10_000, backoff: { first: 200, longest: 2_000 } };

/** The filter of `CloudWatchLogs.filterEvents`. */
export interface LogFilter {
  readonly logGroup: string;
  /** Lines from this time on. Milliseconds since 1970. */
  readonly from: number;
  /**
   * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
   * @default - all lines
   */
  readonly pattern?: string;
}

/** A line of a log. */
export interface LoggedEvent {
  /** The same whenever the line is read. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly message: string;
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html */
export class CloudWatchLogs {
  private readonly caller: JsonCaller;

  constructor(connection: AwsConnection) {
    this.caller = new JsonCaller({
      service: {
        name: 'logs',
        endpointVariable: 'CLOUDWATCH_LOGS',
        targetPrefix: 'Logs_20140328',
        jsonVersion: '1.1',
      },
      connection,
      retryPolicy: RETRY_POLICY,
    });
  }

  /**
   * The lines of a log group in pages of at most 1 MB, each in the order of time. A page may be empty before the last one.
   * @throws AwsCallError
   */
  async *filterEvents(
    { logGroup, from, pattern }: LogFilter,
    signal: AbortSignal,
  ): AsyncIterable<readonly LoggedEvent[]> {
    let nextToken: string | undefined;
    do {
      const page = await this.caller.call(
        'FilterLogEvents',
        {
          logGroupName: logGroup,
          startTime: from,
          ...(pattern !== undefined && { filterPattern: pattern }),
          ...(nextToken !== undefined && { nextToken }),
        },
        signal,
      );
      yield eventsIn(page);
      nextToken = asText(page['nextToken']);
    } while (nextToken !== undefined);
  }
}

function eventsIn({ events }: JsonObject): readonly LoggedEvent[] {
  if (!Array.isArray(events)) return [];
  return events.flatMap((value: unknown) => {
    const { eventId, timestamp, message } = asJsonObject(value) ?? {};
    if (typeof eventId !== 'string' || typeof timestamp !== 'number' || typeof message !== 'string') return [];
    return [{ id: eventId, timestamp, message }];
  });
}
