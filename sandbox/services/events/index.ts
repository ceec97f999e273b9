import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi } from '../../endpoint/api';
import { jsonApi } from '../../endpoint/json-protocol';
import type { Service, Surroundings } from '../shared/service';
import { eventsOperations } from './operations';
import { eventBusType } from './resources/event-bus';
import { ruleType } from './resources/rule';
import { type BusEvent, EventBuses, type NewEvent } from './state';
import { type TargetPorts, targetsOf } from './targets';

/** Amazon EventBridge: event buses, rules with a pattern or a schedule, and their targets. */
export class EventBridgeService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;
  private readonly buses: EventBuses;

  constructor({ account, clock }: Surroundings, ports: TargetPorts) {
    this.buses = new EventBuses(account, clock, targetsOf(ports));
    this.resourceTypes = {
      'AWS::Events::EventBus': eventBusType(account, this.buses),
      'AWS::Events::Rule': ruleType(account, clock, this.buses),
    };
    this.api = jsonApi({
      signingName: 'events',
      targetPrefix: 'AWSEvents',
      version: '1.1',
      operations: eventsOperations(account, this.buses),
    });
  }

  /** The events of the buses and of scheduled rules, oldest first. */
  get events(): readonly BusEvent[] {
    return this.buses.events;
  }

  /** Puts an event of an AWS service. */
  put(event: NewEvent): void {
    this.buses.put(event);
  }
}
