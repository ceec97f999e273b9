import type { EventBridge } from '../../aws/eventbridge';
import type { EventDetail, EventType } from '../../mesh/contract';

/** Keeps the events that it was given. */
export class MemoryBus implements Pick<EventBridge, 'put'> {
  readonly events: { readonly type: EventType; readonly detail: EventDetail }[] = [];

  async put(type: EventType, detail: EventDetail): Promise<void> {
    this.events.push({ type, detail });
  }

  types(): EventType[] {
    return this.events.map(({ type }) => type);
  }
}
