import type { CallFaultKind, FaultyCall, InjectedFault, Sandbox } from '../../sandbox';
import { type CallSite, type FaultName, until } from './cell';

/** What the operation's calls are known by. */
export interface Actor {
  /** Lambda function whose invocations are the operation's steps; absent when no function is at work. */
  readonly functionName?: string;
  isCaller(principal: string | undefined): boolean;
  /** How long a call takes that nobody waits for any more. */
  readonly tooSlowMilliseconds: number;
}

/** The operation's invocation itself, whose result never reaches Lambda. */
const INVOCATION = { service: 'lambda', operation: 'Invoke' } as const;

/**
 * Calls of which only the first in a step is the same in every run: what is polled for as long as it takes; and answers to
 * CloudFormation, which nobody signs: the first after a function has begun is its own, those after it another one's.
 */
const FIRST_ALONE = ['GetCertificate', 'GetDomainName', 'CustomResourceAnswer'];

/** Where no function is at work. */
const NO_STEP = '';

const KINDS: Readonly<Record<FaultName, CallFaultKind>> = {
  throttled: 'throttled',
  'failed before': 'failed-before',
  'failed after': 'failed-after',
  'too slow': 'slow',
  killed: 'killed',
  'keeps failing': 'failed-before',
};

/** The calls that the work makes when nothing goes wrong, and the invocations that make them, in their order. */
export async function callsOf(sandbox: Sandbox, actor: Actor, work: () => Promise<void>): Promise<readonly CallSite[]> {
  const begins: { readonly step: string; readonly at: number }[] = [];
  const watch = watchSteps(sandbox, actor, (step) => begins.push({ step, at: sandbox.calls.length }));
  const before = sandbox.calls.length;
  await work();
  watch.remove();

  const sites: CallSite[] = [];
  const add = (step: string, service: string, operation: string) => {
    const nth = sites.filter((site) => site.step === step && site.operation === operation).length;
    if (nth === 0 || !FIRST_ALONE.includes(operation)) sites.push({ step, service, operation, nth });
  };
  for (const [index, { service, operation, principal }] of sandbox.calls.entries()) {
    if (index < before || !actor.isCaller(principal)) continue;
    const step = begins.findLast(({ at }) => at <= index)?.step ?? NO_STEP;
    if (step !== NO_STEP || actor.functionName === undefined) add(step, service, operation);
  }
  for (const step of new Set(begins.map(({ step }) => step))) add(step, INVOCATION.service, INVOCATION.operation);
  return sites;
}

/** Whether the fault can happen to the call. */
export function canHappen(site: CallSite, fault: FaultName): boolean {
  return site.service !== INVOCATION.service || fault === 'too slow' || fault === 'killed';
}

/** A fault that waits for its call. */
export class Strike {
  private readonly injected: readonly InjectedFault[];
  private readonly fault: InjectedFault;
  private step = NO_STEP;
  private readonly rounds = new Map<string, number>();
  private seen = 0;
  private readonly since: Date;

  constructor(
    private readonly sandbox: Sandbox,
    private readonly actor: Actor,
    private readonly site: CallSite,
    private readonly name: FaultName,
  ) {
    this.since = sandbox.now;
    this.fault = site.service === INVOCATION.service ? this.onInvocation() : this.onCall();
    const watch = watchSteps(sandbox, actor, (step) => {
      this.step = step;
      this.rounds.set(step, (this.rounds.get(step) ?? 0) + 1);
    });
    this.injected = [this.fault, watch];
  }

  get applied(): number {
    return this.fault.applied;
  }

  /** Ends it, once what it delayed has taken effect. @throws BrokenInvariant when it never struck */
  async over(): Promise<void> {
    await until(`the fault at ${this.site.operation}`, () => this.fault.applied > 0);
    if (KINDS[this.name] === 'slow' && this.site.service !== INVOCATION.service) {
      await until('what came late', () =>
        this.sandbox.calls.some(({ at, fault }) => fault === 'slow' && at >= this.since),
      );
    }
    this.remove();
  }

  remove(): void {
    for (const injected of this.injected) injected.remove();
  }

  private onCall(): InjectedFault {
    const { service, operation, nth } = this.site;
    const keeps = this.name === 'keeps failing';
    const match = ({ principal }: FaultyCall): boolean => {
      if (!this.actor.isCaller(principal) || this.step !== this.site.step) return false;
      if (this.actor.functionName !== undefined && this.rounds.get(this.step) !== 1) return false;
      const index = this.seen++;
      return keeps ? index >= nth : index === nth;
    };
    const delay = this.actor.tooSlowMilliseconds;
    return this.sandbox.inject({
      service,
      operation,
      fault: KINDS[this.name],
      delay,
      match,
      ...(!keeps && { times: 1 }),
    });
  }

  private onInvocation(): InjectedFault {
    const { functionName = '' } = this.actor;
    const fault = this.name === 'killed' ? 'killed' : 'timed-out';
    const match = (event: unknown) => stepOf(event) === this.site.step;
    return this.sandbox.inject({ service: 'lambda', function: functionName, fault, match, times: 1 });
  }
}

/** Set last, and so asked first; never strikes. */
function watchSteps(sandbox: Sandbox, { functionName }: Actor, onStep: (step: string) => void): InjectedFault {
  const match = (event: unknown) => {
    onStep(stepOf(event));
    return false;
  };
  return sandbox.inject({ service: 'lambda', function: functionName ?? '', fault: 'killed', match });
}

/** Such as `createSecret` or `Update ClientCertificate`. */
function stepOf(event: unknown): string {
  const { Step, RequestType, ResourceType, source } = Object(event) as Readonly<Record<string, unknown>>;
  if (RequestType !== undefined) return `${RequestType} ${String(ResourceType).replace('Custom::Mtls', '')}`;
  return String(Step ?? source);
}
