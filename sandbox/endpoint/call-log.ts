import type { CallFaultKind } from '../faults';
import type { AwsAnswer } from './api';

/** An AWS call with a valid signature that reached the sandbox. */
export interface ObservedCall {
  /** When the call arrived, by the sandbox's clock. */
  readonly at: Date;
  /** The signing name of the service, such as `acm-pca`. `cloudformation` for the answer of a custom resource. */
  readonly service: string;
  /** Such as `IssueCertificate`. `CustomResourceAnswer` for the answer of a custom resource. */
  readonly operation: string;
  /** The ARN of the caller. Absent for the answer of a custom resource, which isn't signed. */
  readonly principal?: string | undefined;
  /** `succeeded`, `unanswered`, or the AWS error code, such as `AccessDeniedException`. */
  readonly outcome: string;
  /** The fault that affected the call. */
  readonly fault?: CallFaultKind | undefined;
}

/** Limits the memory of a sandbox that runs for long. */
const MAX_CALLS = 10_000;

/** The calls of a sandbox, in the order they completed. */
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

/** @param answer absent if the call wasn't answered */
export function outcomeOf(answer: AwsAnswer | undefined): string {
  if (answer === undefined) return 'unanswered';
  if (answer.status < 400) return 'succeeded';
  const named = answer.headers?.['x-amzn-errortype'];
  if (named !== undefined) return String(named);
  const body = String(answer.body ?? '');
  const [, code] = /"__type":\s*"([^"]+)"/.exec(body) ?? /<Code>([^<]+)<\/Code>/.exec(body) ?? [];
  return code ?? `HTTP ${answer.status}`;
}
