/**
 * What goes wrong with an AWS call:
 * - `throttled`: refused as one call too many; not carried out
 * - `failed-before`: answered with an internal failure; not carried out
 * - `failed-after`: carried out, and answered with an internal failure all the same
 * - `slow`: carried out and answered only after a delay, whether or not the caller still waits by then
 * - `never-answered`: carried out, and not answered; the connection stays open
 * - `killed`: carried out, and the function process that made it is killed before it hears of that; as `never-answered`
 *   for a call that no function signed, such as a custom resource's answer
 */
export type CallFaultKind = 'throttled' | 'failed-before' | 'failed-after' | 'slow' | 'never-answered' | 'killed';

/**
 * What goes wrong with an invocation. Either way the handler does its work and Lambda never gets its result, so that
 * whoever retries has to cope with work that is done: `killed` ends as a process that was killed, `timed-out` as one that
 * ran out of time.
 */
export type InvocationFaultKind = 'killed' | 'timed-out';

/** A call as a fault's `match` sees it. */
export interface FaultyCall {
  /** ARN of who signed the call; absent for a custom resource's answer, whose URL alone is the permission. */
  readonly principal?: string | undefined;
  /** The operation's input; of S3, `Bucket` and `Key`; of a custom resource's answer, the answer. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** A fault of calls to AWS. */
export interface CallFault {
  /**
   * As in a request's signature: `acm-pca`, `apigateway`, `cloudformation`, `dynamodb`, `events`, `lambda`, `s3`,
   * `secretsmanager`.
   */
  readonly service: string;
  /**
   * Such as `IssueCertificate`. What a custom resource's function answers is `cloudformation`, `CustomResourceAnswer`; a
   * call of a function's URL is `lambda`, `InvokeFunctionUrl`.
   */
  readonly operation: string;
  readonly fault: CallFaultKind;
  /**
   * Milliseconds of the sandbox's time that the call takes. For the function that waits for it they pass at once, up to
   * the function's timeout; for other callers they pass in real time, or when the clock is advanced.
   *
   * @default - 1000 for a `slow` call, 0 for others
   */
  readonly delay?: number;
  /** How many calls it hits. @default - every one until it is removed */
  readonly times?: number;
  /** Which calls it hits. @default - every one of the operation */
  readonly match?: (call: FaultyCall) => boolean;
}

/** A fault of a Lambda function's invocations. */
export interface InvocationFault {
  readonly service: 'lambda';
  /** Name or ARN. */
  readonly function: string;
  readonly fault: InvocationFaultKind;
  /** How many invocations it hits. @default - every one until it is removed */
  readonly times?: number;
  /** Which invocations it hits, by their event. @default - every one */
  readonly match?: (event: unknown) => boolean;
}

export type Fault = CallFault | InvocationFault;

/** A fault that is set. */
export interface InjectedFault {
  /** How often it has struck. */
  readonly applied: number;
  /** It strikes no more. */
  remove(): void;
}

interface Live<F> {
  readonly fault: F;
  applied: number;
}

/** The faults that are set; where several fit, the one that was set last strikes. */
export class Faults {
  private readonly ofCalls: Live<CallFault>[] = [];
  private readonly ofInvocations: Live<InvocationFault>[] = [];

  inject(fault: CallFault): InjectedFault;
  inject(fault: InvocationFault): InjectedFault;
  inject(fault: Fault): InjectedFault;
  inject(fault: Fault): InjectedFault {
    return 'function' in fault ? add(this.ofInvocations, fault) : add(this.ofCalls, fault);
  }

  /** The fault that strikes the call, which counts as struck. */
  ofCall(service: string, operation: string, call: FaultyCall): CallFault | undefined {
    return strike(
      this.ofCalls,
      ({ fault }) => fault.service === service && fault.operation === operation && (fault.match?.(call) ?? true),
    );
  }

  /** The fault that strikes the invocation, which counts as struck. @param name of the function */
  ofInvocation(name: string, event: unknown): InvocationFault | undefined {
    return strike(
      this.ofInvocations,
      ({ fault }) => fault.function.split(':').at(-1) === name && (fault.match?.(event) ?? true),
    );
  }
}

function add<F>(all: Live<F>[], fault: F): InjectedFault {
  const live: Live<F> = { fault, applied: 0 };
  all.unshift(live);
  return {
    get applied() {
      return live.applied;
    },
    remove() {
      const index = all.indexOf(live);
      if (index >= 0) all.splice(index, 1);
    },
  };
}

function strike<F extends Fault>(all: readonly Live<F>[], fits: (live: Live<F>) => boolean): F | undefined {
  const live = all.find((one) => one.applied < (one.fault.times ?? Number.POSITIVE_INFINITY) && fits(one));
  if (live !== undefined) live.applied += 1;
  return live?.fault;
}
