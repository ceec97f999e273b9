import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi } from '../../endpoint/api';
import { jsonApi } from '../../endpoint/json-protocol';
import type { Service, Surroundings } from '../shared/service';
import { eventsOperations } from './operations';
import { ruleType } from './resources/rule';
import { type BusEvent, EventBus, type NewEvent } from './state';
import { type TargetPorts, targetsOf } from './targets';

/** Amazon EventBridge: the default event bus, rules with a pattern or a schedule, and their targets. */
export class EventBridgeService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;
  private readonly bus: EventBus;

  constructor({ account, clock }: Surroundings, ports: TargetPorts) {
    this.bus = new EventBus(account, clock, targetsOf(ports));
    this.resourceTypes = { 'AWS::Events::Rule': ruleType(account, clock, this.bus) };
    this.api = jsonApi({
      signingName: 'events',
      targetPrefix: 'AWSEvents',
      version: '1.1',
      operations: eventsOperations(account, this.bus),
    });
  }

  /** The events of the bus and of scheduled rules, oldest first. */
  get events(): readonly BusEvent[] {
    return this.bus.events;
  }

  /** Puts an event of an AWS service. */
  put(event: NewEvent): void {
    this.bus.put(event);
  }
}
