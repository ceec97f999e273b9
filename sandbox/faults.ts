/**
 * What happens to an AWS call:
 *
 * - `throttled`: rejected with a throttling error and not executed
 * - `failed-before`: answered with an internal failure and not executed
 * - `failed-after`: executed, but answered with an internal failure
 * - `slow`: executed and answered after a delay, even if the caller no longer waits
 * - `never-answered`: executed, but not answered; the connection stays open
 * - `killed`: executed, but the function process that made the call is killed before it receives the answer; like
 *   `never-answered` for a call that no function signed, such as the answer of a custom resource
 * - `conflicted`: rejected with `ConditionalRequestConflict`, as if somebody else wrote the object at the same time, and not
 *   executed; for `PutObject` of `s3` only
 */
export type CallFaultKind =
  | 'throttled'
  | 'failed-before'
  | 'failed-after'
  | 'slow'
  | 'never-answered'
  | 'killed'
  | 'conflicted';

/**
 * What happens to an invocation. In both cases the handler runs, but Lambda never receives its result, so a retry repeats
 * work that is done. `killed` kills the process, and `timed-out` ends the invocation like a timeout.
 */
export type InvocationFaultKind = 'killed' | 'timed-out';

/** An AWS call, as passed to `match`. */
export interface FaultyCall {
  /** The ARN of the caller. Absent for the answer of a custom resource, which isn't signed. */
  readonly principal?: string | undefined;
  /** The input of the operation: `Bucket` and `Key` for S3, and the answer itself for the answer of a custom resource. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** A fault of AWS calls. */
export interface CallFault {
  /**
   * The signing name of the service: `acm-pca`, `apigateway`, `cloudformation`, `dynamodb`, `events`, `kms`, `lambda`,
   * `monitoring`, `s3`, `secretsmanager`, `ssm`, or `sts`.
   */
  readonly service: string;
  /**
   * The operation, such as `IssueCertificate`. For the answer of a custom resource, use `CustomResourceAnswer` of
   * `cloudformation`. For a call of a function URL, use `InvokeFunctionUrl` of `lambda`.
   */
  readonly operation: string;
  readonly fault: CallFaultKind;
  /**
   * How long the call takes, in milliseconds of the sandbox's clock. For a function that waits for the call, the time
   * passes immediately, up to the timeout of the function. For other callers, it passes in real time or when the clock is
   * advanced.
   *
   * @default - 1000 for a `slow` call, 0 for others
   */
  readonly delay?: number;
  /** The number of calls to affect. @default - all calls until the fault is removed */
  readonly times?: number;
  /** Selects the calls to affect. @default - all calls of the operation */
  readonly match?: (call: FaultyCall) => boolean;
}

/** A fault of the invocations of a Lambda function. */
export interface InvocationFault {
  readonly service: 'lambda';
  /** The name or ARN of the function. */
  readonly function: string;
  readonly fault: InvocationFaultKind;
  /** The number of invocations to affect. @default - all invocations until the fault is removed */
  readonly times?: number;
  /** Selects the invocations to affect by their event. @default - all invocations */
  readonly match?: (event: unknown) => boolean;
}

export type Fault = CallFault | InvocationFault;

/** An injected fault. */
export interface InjectedFault {
  /** How many calls or invocations it has affected. */
  readonly applied: number;
  /** Removes the fault. */
  remove(): void;
}

interface Live<F> {
  readonly fault: F;
  applied: number;
}

/** The injected faults. If several match, the latest one applies. */
export class Faults {
  private readonly ofCalls: Live<CallFault>[] = [];
  private readonly ofInvocations: Live<InvocationFault>[] = [];

  /** @throws TypeError for a call that can't have the fault */
  inject(fault: CallFault): InjectedFault;
  inject(fault: InvocationFault): InjectedFault;
  inject(fault: Fault): InjectedFault;
  inject(fault: Fault): InjectedFault {
    if ('function' in fault) return add(this.ofInvocations, fault);
    if (fault.fault === 'conflicted' && `${fault.service}:${fault.operation}` !== 's3:PutObject') {
      throw new TypeError(`only s3:PutObject can be conflicted, got ${fault.service}:${fault.operation}`);
    }
    return add(this.ofCalls, fault);
  }

  /** The fault that applies to the call. Counts the call as affected. */
  ofCall(service: string, operation: string, call: FaultyCall): CallFault | undefined {
    return strike(
      this.ofCalls,
      ({ fault }) => fault.service === service && fault.operation === operation && (fault.match?.(call) ?? true),
    );
  }

  /** The fault that applies to the invocation. Counts it as affected. @param name the name of the function */
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
