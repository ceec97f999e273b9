import { EVENT_SOURCE, type EventDetail, type EventType } from '../mesh/contract';
import { AwsCallError } from './aws-error';
import type { AwsConnection } from './connection';
import { asJsonObject, asText, JsonCaller } from './json-caller';
import { type RetryPolicy, retry } from './retry';

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MOST_ENTRIES = 10;

/** For entries that the bus does not take in a call that succeeds. */
const ENTRY_RETRY_POLICY: RetryPolicy = { attempts: 3, backoff: { first: 50, longest: 1_000 } };

interface Queued {
  readonly entry: { readonly Source: string; readonly DetailType: EventType; readonly Detail: string };
  readonly signal: AbortSignal;
  resolve(): void;
  reject(error: unknown): void;
}

/** The account's default bus. Events that are put at the same time share a call. */
export class EventBridge {
  private readonly caller: JsonCaller;
  private queue: Queued[] = [];

  constructor(connection: AwsConnection) {
    this.caller = new JsonCaller({
      service: { name: 'events', targetPrefix: 'AWSEvents', jsonVersion: '1.1', endpointVariable: 'EVENTBRIDGE' },
      connection,
      retryPolicy: { attempts: 3, timeout: 2_000, backoff: { first: 50, longest: 5_000 } },
    });
  }

  /** @throws AwsCallError if the bus does not take the event */
  put(type: EventType, detail: EventDetail, signal: AbortSignal): Promise<void> {
    const entry = { Source: EVENT_SOURCE, DetailType: type, Detail: JSON.stringify(detail) };
    return new Promise((resolve, reject) => {
      this.queue.push({ entry, signal, resolve, reject });
      if (this.queue.length === 1) queueMicrotask(() => this.flush());
    });
  }

  private flush(): void {
    const queued = this.queue;
    this.queue = [];
    for (let start = 0; start < queued.length; start += MOST_ENTRIES) {
      void this.send(queued.slice(start, start + MOST_ENTRIES));
    }
  }

  /** Never rejects. Settles every event of the batch. */
  private async send(batch: readonly Queued[]): Promise<void> {
    const [first] = batch;
    let left = batch;
    try {
      await retry<void>(
        ENTRY_RETRY_POLICY,
        async (signal) => {
          const answer = await this.caller.call('PutEvents', { Entries: left.map(({ entry }) => entry) }, signal);
          const errors = left.map((_, index) => entryError(answer['Entries'], index));
          for (const [index, { resolve }] of left.entries()) if (errors[index] === undefined) resolve();
          left = left.filter((_, index) => errors[index] !== undefined);
          const error = errors.find((failure) => failure !== undefined);
          return error === undefined ? { value: undefined } : { error, retryable: true };
        },
        first?.signal ?? new AbortController().signal,
      );
    } catch (error) {
      for (const { reject } of left) reject(error);
    }
  }
}

/** Why the bus did not take an entry of a call that succeeded. */
function entryError(entries: unknown, index: number): AwsCallError | undefined {
  const entry = asJsonObject(Array.isArray(entries) ? entries[index] : undefined);
  if (asText(entry?.['EventId']) !== undefined) return undefined;
  const code = asText(entry?.['ErrorCode']) ?? 'FailedEntry';
  return new AwsCallError('events:PutEvents', code, asText(entry?.['ErrorMessage']) ?? 'no message');
}
