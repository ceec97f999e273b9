import type { CallFaultKind, FaultyCall, InjectedFault, Sandbox } from '../../sandbox';
import { assertHolds, CallNotMadeError, type CallSite, type FaultName, until } from './cell';

/** Who makes an operation's calls. */
export interface Actor {
  /** Lambda function whose invocations are the operation's steps; absent when no function makes the calls. */
  readonly functionName?: string;
  isCaller(principal: string | undefined): boolean;
  /** Milliseconds of the sandbox's time after which the caller no longer waits for an answer. */
  readonly tooSlowMilliseconds: number;
}

/** The operation's invocation itself, whose result never reaches Lambda. Not a call of the API of that name. */
const INVOCATION = { service: 'invocation', operation: 'Run' } as const;

/**
 * Calls of which only the first in a step is the same in every run. Polling repeats a call a varying number of times.
 * Answers to CloudFormation are not signed: the first one in a step belongs to it, the others may be of another step.
 */
const FIRST_ONLY = ['GetCertificate', 'GetDomainName', 'CustomResourceAnswer'];

/** The step when no function makes the calls. */
const NO_STEP = '';

/**
 * Attempts of a call that keeps failing which fail at once. The next one fails when the function's time is over, so that
 * a caller that retries until its deadline reaches it.
 */
const QUICK_FAILURES = 3;

const KINDS: Readonly<Record<FaultName, CallFaultKind>> = {
  throttled: 'throttled',
  'failed before': 'failed-before',
  'failed after': 'failed-after',
  'too slow': 'slow',
  killed: 'killed',
  'keeps failing': 'failed-before',
  conflicted: 'conflicted',
};

/** The calls that the work makes without a fault, in order, followed by the invocations that make them. */
export async function callsOf(sandbox: Sandbox, actor: Actor, work: () => Promise<void>): Promise<readonly CallSite[]> {
  const begins: { readonly step: string; readonly at: number }[] = [];
  const watch = watchSteps(sandbox, actor, (step) => begins.push({ step, at: sandbox.calls.length }));
  const before = sandbox.calls.length;
  await work();
  watch.remove();

  const sites: CallSite[] = [];
  const add = (step: string, service: string, operation: string) => {
    const nth = sites.filter((site) => site.step === step && site.operation === operation).length;
    if (nth === 0 || !FIRST_ONLY.includes(operation)) sites.push({ step, service, operation, nth });
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
  if (fault === 'conflicted') return `${site.service}:${site.operation}` === 's3:PutObject';
  return site.service !== INVOCATION.service || fault === 'too slow' || fault === 'killed';
}

/** A fault set for one call of an operation. */
export class SiteFault {
  private readonly injected: readonly InjectedFault[];
  private readonly faults: readonly InjectedFault[];
  private step = NO_STEP;
  private readonly rounds = new Map<string, number>();
  private seen = 0;
  private readonly since: Date;
  private readonly timeoutsBefore: number;

  constructor(
    private readonly sandbox: Sandbox,
    private readonly actor: Actor,
    private readonly site: CallSite,
    private readonly name: FaultName,
  ) {
    this.since = sandbox.now;
    this.timeoutsBefore = this.countTimeouts();
    this.faults = site.service === INVOCATION.service ? [this.onInvocation()] : this.onCall();
    const watch = watchSteps(sandbox, actor, (step) => {
      this.step = step;
      this.rounds.set(step, (this.rounds.get(step) ?? 0) + 1);
    });
    this.injected = [...this.faults, watch];
  }

  get applied(): number {
    return this.faults.reduce((sum, { applied }) => sum + applied, 0);
  }

  /**
   * Removes the fault after the operation, and waits until the call that it delayed has taken effect.
   *
   * @throws CallNotMadeError when the operation did not make the call
   * @throws InvariantError when the function did not end before its timeout
   */
  async end(): Promise<void> {
    await this.sandbox.advance(0);
    if (this.applied === 0) throw new CallNotMadeError(`${this.site.operation} was not called`);
    const isInvocation = this.site.service === INVOCATION.service;
    if (this.name === 'too slow' && !isInvocation) {
      if (this.actor.functionName !== undefined) await this.sandbox.advance(this.actor.tooSlowMilliseconds);
      await until(() => this.sandbox.calls.some(({ at, fault }) => fault === 'slow' && at >= this.since));
    }
    if (!isInvocation) assertHolds(this.countTimeouts() <= this.timeoutsBefore, 'the function ends before its timeout');
    this.remove();
  }

  remove(): void {
    for (const injected of this.injected) injected.remove();
  }

  private onCall(): readonly InjectedFault[] {
    const { service, operation, nth } = this.site;
    const { functionName, tooSlowMilliseconds } = this.actor;
    const isInRound = ({ principal }: FaultyCall): boolean => {
      if (!this.actor.isCaller(principal) || this.step !== this.site.step) return false;
      return functionName === undefined || this.rounds.get(this.step) === 1;
    };
    const fault = KINDS[this.name];
    if (this.name !== 'keeps failing') {
      const match = (call: FaultyCall) => isInRound(call) && this.seen++ === nth;
      const delay = this.name === 'too slow' ? { delay: tooSlowMilliseconds } : {};
      return [this.sandbox.inject({ service, operation, fault, match, times: 1, ...delay })];
    }
    const quick = this.sandbox.inject({
      service,
      operation,
      fault,
      match: (call) => isInRound(call) && this.seen > nth,
    });
    // Set last and therefore asked first: counts the calls.
    const match = (call: FaultyCall) => isInRound(call) && this.seen++ === nth + QUICK_FAILURES;
    const isWaitedFor = functionName !== undefined && operation !== 'CustomResourceAnswer';
    const delay = isWaitedFor ? { delay: tooSlowMilliseconds } : {};
    return [quick, this.sandbox.inject({ service, operation, fault, match, ...delay })];
  }

  /** How often the sandbox has stopped one of the functions with a timeout of two or three minutes. */
  private countTimeouts(): number {
    const lines = Object.values(this.sandbox.logs()).flat();
    return lines.filter((line) => /Task timed out after 1[28]0\.00 seconds/.test(line)).length;
  }

  private onInvocation(): InjectedFault {
    const { functionName = '' } = this.actor;
    const fault = this.name === 'killed' ? 'killed' : 'timed-out';
    const match = (event: unknown) => stepOf(event) === this.site.step;
    return this.sandbox.inject({ service: 'lambda', function: functionName, fault, match, times: 1 });
  }
}

/** The end of a logical ID that the CDK generates. */
const HASH = /[0-9A-F]{8}$/;

/** Calls `onStep` for each invocation. The fault is set last and therefore asked first; it never applies. */
function watchSteps(sandbox: Sandbox, { functionName }: Actor, onStep: (step: string) => void): InjectedFault {
  const match = (event: unknown) => {
    onStep(stepOf(event));
    return false;
  };
  return sandbox.inject({ service: 'lambda', function: functionName ?? '', fault: 'killed', match });
}

/** Such as `createSecret` or `Update MeshClientmailCertificate`. */
function stepOf(event: unknown): string {
  const { Step, RequestType, LogicalResourceId, source } = Object(event) as Readonly<Record<string, unknown>>;
  if (RequestType !== undefined) return `${RequestType} ${String(LogicalResourceId).replace(HASH, '')}`;
  return String(Step ?? source);
}
