import { CustomResourceError } from './cloudformation/custom-resources';
import { type ResourceFailure, StackFailure } from './cloudformation/event';

/**
 * A stack could not be deployed, updated, or destroyed. The message contains the construct, the reason, and the last log
 * lines of the resource's function. `cause` is the error of the stack.
 */
export class DeploymentError extends Error {
  override readonly name = 'DeploymentError';

  static from(stackName: string, cause: unknown): DeploymentError {
    const failure = firstFailure(cause);
    const reason = failure?.reason ?? (cause instanceof Error ? cause.message : String(cause));
    const { constructPath, logicalId, resourceType } = failure ?? {};
    return new DeploymentError(
      { stackName, reason, constructPath, logicalId, resourceType },
      logLinesOf(failure),
      cause,
    );
  }

  private constructor(
    /** What failed, and why. Without a resource, the template is invalid and nothing was created. */
    readonly failure: {
      readonly stackName: string;
      readonly reason: string;
      /** Such as `ScheduleMesh/Mesh/mail/Certificate/Default`. */
      readonly constructPath?: string;
      readonly logicalId?: string;
      readonly resourceType?: string;
    },
    /** The last log lines of the resource's function. Empty if there is none. */
    readonly logLines: readonly string[],
    cause: unknown,
  ) {
    const { stackName, reason, constructPath, logicalId, resourceType } = failure;
    const what = logicalId === undefined ? stackName : `${constructPath ?? logicalId} (${resourceType})`;
    const log = logLines.length === 0 ? [] : ["the function's last log lines:", ...logLines.map((line) => `  ${line}`)];
    super([`${what}: ${reason}`, ...log].join('\n'), { cause });
  }
}

/** That of a nested stack, if one failed. */
function firstFailure(cause: unknown): ResourceFailure | undefined {
  if (!(cause instanceof Error)) return undefined;
  if (!(cause instanceof StackFailure)) return firstFailure(cause.cause);
  const [failure] = cause.failures;
  return failure && (firstFailure(failure.cause) ?? failure);
}

/** The error of the function is a cause of the resource's error. */
function logLinesOf(error: unknown): readonly string[] {
  for (
    let cause = error;
    typeof cause === 'object' && cause !== null;
    cause = 'cause' in cause ? cause.cause : undefined
  ) {
    if (cause instanceof CustomResourceError) return cause.logLines;
  }
  return [];
}
