import type { CallFaultKind } from '../faults';
import type { AwsAnswer } from './api';

/** A call to AWS that reached the sandbox, signed by somebody it knows. */
export interface ObservedCall {
  /** When it came, by the sandbox's clock. */
  readonly at: Date;
  /** As in the request's signature, such as `acm-pca`; `cloudformation` also for what a custom resource's function answers. */
  readonly service: string;
  /** Such as `IssueCertificate`; `CustomResourceAnswer` for what a custom resource's function answers. */
  readonly operation: string;
  /** ARN of who signed it; absent for a custom resource's answer, whose URL alone is the permission. */
  readonly principal?: string | undefined;
  /** `succeeded`, `unanswered`, or AWS's name of the error, such as `AccessDeniedException`. */
  readonly outcome: string;
  /** The fault that struck it. */
  readonly fault?: CallFaultKind | undefined;
}

/** A sandbox that stays up keeps the newest calls. */
const MAX_CALLS = 10_000;

/** The calls of a sandbox, in the order in which they ended. */
export class CallLog {
  private readonly recorded: ObservedCall[] = [];

  get calls(): readonly ObservedCall[] {
    return [...this.recorded];
  }

  record(call: ObservedCall): void {
    this.recorded.push(call);
    if (this.recorded.length > MAX_CALLS) this.recorded.shift();
  }
}

/** @param answer absent when there was none */
export function outcomeOf(answer: AwsAnswer | undefined): string {
  if (answer === undefined) return 'unanswered';
  if (answer.status < 400) return 'succeeded';
  const named = answer.headers?.['x-amzn-errortype'];
  if (named !== undefined) return String(named);
  const body = String(answer.body ?? '');
  const [, code] = /"__type":\s*"([^"]+)"/.exec(body) ?? /<Code>([^<]+)<\/Code>/.exec(body) ?? [];
  return code ?? `HTTP ${answer.status}`;
}
