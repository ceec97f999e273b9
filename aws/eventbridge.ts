import { EVENT_SOURCE, type EventDetail, type EventType } from '../mesh/contract';
import { AwsCallError } from './aws-error';
import type { AwsConnection } from './connection';
import { JsonCaller } from './json-caller';

/** The account's default bus. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
export class EventBridge {
  private readonly caller: JsonCaller;

  constructor(connection: AwsConnection) {
    this.caller = new JsonCaller({
      service: { name: 'events', targetPrefix: 'AWSEvents', jsonVersion: '1.1', endpointVariable: 'EVENTBRIDGE' },
      connection,
      retryPolicy: { attempts: 3, timeout: 2_000, backoff: { first: 50, longest: 5_000 } },
    });
  }

  /** @throws AwsCallError */
  async put(type: EventType, detail: EventDetail, signal: AbortSignal): Promise<void> {
    const entry = { Source: EVENT_SOURCE, DetailType: type, Detail: JSON.stringify(detail) };
    const answer = await this.caller.call('PutEvents', { Entries: [entry] }, signal);
    // The call succeeds even if the bus refuses the entry.
    if (answer['FailedEntryCount'] !== 0) {
      throw new AwsCallError('events:PutEvents', 'FailedEntry', JSON.stringify(answer['Entries']));
    }
  }
}
