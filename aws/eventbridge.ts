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
  /** Without an error, the bus has taken the event. Only the first settlement counts. */
  settle(error?: unknown): void;
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

  /** @throws AwsCallError if the bus does not take the event, or the reason of the signal when that aborts */
  put(type: EventType, detail: EventDetail, signal: AbortSignal): Promise<void> {
    const entry = { Source: EVENT_SOURCE, DetailType: type, Detail: JSON.stringify(detail) };
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      const settle = (error?: unknown) => {
        signal.removeEventListener('abort', abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      signal.addEventListener('abort', abort);
      this.queue.push({ entry, signal, settle });
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

  /** Never rejects. Settles every event of the batch. An attempt leaves out the events whose signal has aborted. */
  private async send(batch: readonly Queued[]): Promise<void> {
    let left = batch;
    const attempt = async (signal: AbortSignal) => {
      left = withoutAborted(left);
      if (left.length === 0) return { value: undefined };
      const answer = await this.caller.call('PutEvents', { Entries: left.map(({ entry }) => entry) }, signal);
      const errors = left.map((_, index) => entryError(answer['Entries'], index));
      for (const [index, { settle }] of left.entries()) if (errors[index] === undefined) settle();
      left = left.filter((_, index) => errors[index] !== undefined);
      const error = errors.find((failure) => failure !== undefined);
      return error === undefined ? { value: undefined } : { error, retryable: true };
    };
    try {
      await untilAllAbort(batch, (signal) => retry<void>(ENTRY_RETRY_POLICY, attempt, signal));
    } catch (error) {
      for (const { settle } of withoutAborted(left)) settle(error);
    }
  }
}

function withoutAborted(events: readonly Queued[]): readonly Queued[] {
  for (const { signal, settle } of events) if (signal.aborted) settle(signal.reason);
  return events.filter(({ signal }) => !signal.aborted);
}

/** Runs `work` with a signal that aborts once the signals of all events have aborted. */
async function untilAllAbort(events: readonly Queued[], work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const abort = () => {
    if (events.every(({ signal }) => signal.aborted)) controller.abort();
  };
  for (const { signal } of events) signal.addEventListener('abort', abort);
  try {
    abort();
    await work(controller.signal);
  } finally {
    for (const { signal } of events) signal.removeEventListener('abort', abort);
  }
}

/** Why the bus did not take an entry of a call that succeeded. */
function entryError(entries: unknown, index: number): AwsCallError | undefined {
  const entry = asJsonObject(Array.isArray(entries) ? entries[index] : undefined);
  if (asText(entry?.['EventId']) !== undefined) return undefined;
  const code = asText(entry?.['ErrorCode']) ?? 'FailedEntry';
  return new AwsCallError('events:PutEvents', code, asText(entry?.['ErrorMessage']) ?? 'no message');
}
