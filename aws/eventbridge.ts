import { EVENT_SOURCE, type EventDetail, type EventType } from '../mesh/contract';
import type { EventBus } from '../registry/audit';
import { AwsCallError } from './aws-error';
import { JsonService } from './json-service';

/** The account's default bus. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
export class DefaultEventBus implements EventBus {
  private readonly events: JsonService;

  constructor(environment: NodeJS.ProcessEnv) {
    this.events = new JsonService(
      { name: 'events', targetPrefix: 'AWSEvents', jsonVersion: '1.1', endpointVariable: 'EVENTBRIDGE' },
      { attempts: 3, milliseconds: 2_000 },
      environment,
    );
  }

  async put(type: EventType, detail: EventDetail, signal: AbortSignal): Promise<void> {
    const entry = { Source: EVENT_SOURCE, DetailType: type, Detail: JSON.stringify(detail) };
    const answer = await this.events.call('PutEvents', { Entries: [entry] }, signal);
    // A refused entry does not make the call fail.
    if (answer['FailedEntryCount'] !== 0) {
      throw new AwsCallError('events:PutEvents', 'FailedEntry', JSON.stringify(answer['Entries']));
    }
  }
}
