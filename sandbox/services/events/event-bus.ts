import { randomUUID } from 'node:crypto';
import type { Account } from '../../account';
import type { Clock } from '../../clock';
import type { Rule } from './rule';

/** What a rule did with an event. */
export interface Delivery {
  readonly rule: string;
  /** ARN. */
  readonly target: string;
  /** Why the target did not take it; absent when it did. */
  readonly error?: string | undefined;
}

/** An event that went over the bus, or that a scheduled rule made. */
export interface BusEvent {
  readonly id: string;
  readonly time: Date;
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** ARNs. */
  readonly resources: readonly string[];
  /** What has come of it so far. */
  readonly deliveries: readonly Delivery[];
}

export type NewEvent = Pick<BusEvent, 'source' | 'detailType' | 'detail'> &
  Partial<Pick<BusEvent, 'time' | 'resources'>>;

/** Where events go: functions and topics. */
export interface Targets {
  /** @throws Error when the target does not take it, or is no target that the sandbox knows */
  deliver(targetArn: string, ruleArn: string, event: unknown): Promise<void>;
}

/** A sandbox that stays up keeps the newest events. */
const MAX_EVENTS = 10_000;

/** The default event bus of an account: what is put goes to the targets of every rule that it fits. */
export class EventBus {
  /** By name. */
  readonly rules = new Map<string, Rule>();
  readonly #events: (BusEvent & { readonly deliveries: Delivery[] })[] = [];

  constructor(
    private readonly account: Account,
    private readonly clock: Clock,
    private readonly targets: Targets,
  ) {}

  /** Oldest first. */
  get events(): readonly BusEvent[] {
    return [...this.#events];
  }

  /** Hands the event to the rules that it fits, and goes on without waiting for their targets. */
  put(event: NewEvent): BusEvent {
    const recorded = this.#record(event);
    const document = this.#document(recorded);
    for (const rule of this.rules.values()) {
      if (rule.isEnabled && rule.pattern?.(document)) this.clock.background(() => this.#deliver(rule, recorded));
    }
    return recorded;
  }

  /** What a scheduled rule sends when its time has come. Resolves when its targets are done with it. */
  async tick(rule: Rule): Promise<void> {
    const event = { source: 'aws.events', detailType: 'Scheduled Event', detail: {}, resources: [rule.arn] };
    await this.#deliver(rule, this.#record(event));
  }

  #record(event: NewEvent): BusEvent & { readonly deliveries: Delivery[] } {
    const time = this.clock.now();
    const recorded = { id: randomUUID(), time, resources: [], ...event, deliveries: [] };
    this.#events.push(recorded);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    return recorded;
  }

  async #deliver(rule: Rule, event: BusEvent & { readonly deliveries: Delivery[] }): Promise<void> {
    await Promise.all(
      rule.targets.map(async ({ arn: target, input }) => {
        const document = input === undefined ? this.#document(event) : input;
        const error = await this.targets.deliver(target, rule.arn, document).then(
          () => undefined,
          (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
        );
        event.deliveries.push({ rule: rule.name, target, error });
      }),
    );
  }

  /** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html */
  #document({ id, time, source, detailType, detail, resources }: BusEvent): Readonly<Record<string, unknown>> {
    return {
      version: '0',
      id,
      'detail-type': detailType,
      source,
      account: this.account.id,
      // Without milliseconds.
      time: time.toISOString().replace(/\.\d+Z$/, 'Z'),
      region: this.account.region,
      resources,
      detail,
    };
  }
}
