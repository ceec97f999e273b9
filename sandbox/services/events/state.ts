import { randomUUID } from 'node:crypto';
import type { Account } from '../../account';
import type { Clock } from '../../clock';
import type { EventPattern } from './event-pattern';

/** The bus of every account. */
export const DEFAULT_BUS = 'default';

/** A rule of an event bus. */
export interface Rule {
  /** The name of the bus. */
  readonly bus: string;
  readonly name: string;
  readonly arn: string;
  readonly description?: string | undefined;
  readonly isEnabled: boolean;
  /** Absent for a rule with a schedule only. */
  readonly pattern?: EventPattern | undefined;
  /** The pattern in the template. */
  readonly patternDocument?: unknown;
  readonly schedule?: string | undefined;
  readonly targets: readonly RuleTarget[];
}

interface RuleTarget {
  readonly id: string;
  readonly arn: string;
  /** What the target receives instead of the event. */
  readonly input?: unknown;
  /** The input in the template. */
  readonly inputText?: string | undefined;
}

/** The delivery of an event to a target of a rule. */
export interface Delivery {
  readonly rule: string;
  /** ARN. */
  readonly target: string;
  /** Why the delivery failed. Absent if it succeeded. */
  readonly error?: string | undefined;
}

/** An event that was put on the bus, or that a scheduled rule created. */
export interface BusEvent {
  readonly id: string;
  /** The name of the event bus. */
  readonly bus: string;
  readonly time: Date;
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** ARNs. */
  readonly resources: readonly string[];
  /** The deliveries so far. */
  readonly deliveries: readonly Delivery[];
}

export type NewEvent = Pick<BusEvent, 'source' | 'detailType' | 'detail'> &
  Partial<Pick<BusEvent, 'bus' | 'time' | 'resources'>>;

/** The targets of rules: functions and topics. */
export interface Targets {
  /** @throws Error if the target rejects the event, or the sandbox does not support the target */
  deliver(targetArn: string, ruleArn: string, event: unknown): Promise<void>;
}

/** Limits the memory of a sandbox that runs for long. */
const MAX_EVENTS = 10_000;

/** The event buses of an account. Deliver each event to the targets of every rule of the bus whose pattern matches. */
export class EventBuses {
  /** Their names. */
  readonly names = new Set([DEFAULT_BUS]);
  /** By physical ID. */
  readonly rules = new Map<string, Rule>();
  private readonly recorded: (BusEvent & { readonly deliveries: Delivery[] })[] = [];

  constructor(
    private readonly account: Account,
    private readonly clock: Clock,
    private readonly targets: Targets,
  ) {}

  /** Oldest first. */
  get events(): readonly BusEvent[] {
    return [...this.recorded];
  }

  /** Delivers the event to the targets of all rules that match, in the background. */
  put(event: NewEvent): BusEvent {
    const recorded = this.record(event);
    const document = this.document(recorded);
    for (const rule of this.rules.values()) {
      if (rule.bus === recorded.bus && rule.isEnabled && rule.pattern?.(document))
        this.clock.background(() => this.deliver(rule, recorded));
    }
    return recorded;
  }

  /** Delivers the event of a scheduled rule that is due. Resolves after the delivery. */
  async tick(rule: Rule): Promise<void> {
    const event = { source: 'aws.events', detailType: 'Scheduled Event', detail: {}, resources: [rule.arn] };
    await this.deliver(rule, this.record(event));
  }

  private record(event: NewEvent): BusEvent & { readonly deliveries: Delivery[] } {
    const time = this.clock.now();
    const recorded = { id: randomUUID(), bus: DEFAULT_BUS, time, resources: [], ...event, deliveries: [] };
    this.recorded.push(recorded);
    if (this.recorded.length > MAX_EVENTS) this.recorded.shift();
    return recorded;
  }

  private async deliver(rule: Rule, event: BusEvent & { readonly deliveries: Delivery[] }): Promise<void> {
    await Promise.all(
      rule.targets.map(async ({ arn: target, input }) => {
        const document = input === undefined ? this.document(event) : input;
        const error = await this.targets.deliver(target, rule.arn, document).then(
          () => undefined,
          (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
        );
        event.deliveries.push({ rule: rule.name, target, error });
      }),
    );
  }

  /** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html */
  private document({ id, time, source, detailType, detail, resources }: BusEvent): Readonly<Record<string, unknown>> {
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
