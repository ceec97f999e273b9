import type { EventDetail, EventType } from '../mesh/contract';
import { failureSentence } from '../aws/failure';
import type { Log } from '../lambda/log';

/** Where the mesh's events go. */
export interface EventBus {
  put(type: EventType, detail: EventDetail, signal: AbortSignal): Promise<void>;
}

/** Longest time that an event may take. */
const PATIENCE_MS = 4_000;

/** Tells others what has happened. What has happened stands, whether or not they could be told. */
export class Announcer {
  constructor(
    private readonly bus: EventBus,
    private readonly trustDomain: string,
    private readonly log: Log,
  ) {}

  async announce(type: EventType, about: Omit<EventDetail, 'trustDomain'>): Promise<void> {
    try {
      await this.bus.put(type, { trustDomain: this.trustDomain, ...about }, AbortSignal.timeout(PATIENCE_MS));
    } catch (error) {
      this.log({ event: 'event-not-sent', type, reason: failureSentence(error) });
    }
  }
}
