import type { InvokedFunctions } from '../ports';
import { within } from './time-limit';

/** The resource policy of the function doesn't allow API Gateway to invoke it. */
export class NotPermitted extends Error {
  override readonly name = 'NotPermitted';
}

interface Invocation {
  readonly functionArn: string;
  /** What the function's resource policy must allow, such as a route or an authorizer. */
  readonly sourceArn: string;
  readonly event: unknown;
  /** Milliseconds. */
  readonly timeout: number;
}

/**
 * Invokes a function as API Gateway.
 * @throws NotPermitted, TimeLimitExceeded, or the error of the function
 */
export async function invokeFunction(
  functions: InvokedFunctions,
  { functionArn, sourceArn, event, timeout }: Invocation,
): Promise<unknown> {
  try {
    functions.assertMayInvoke(functionArn, 'apigateway.amazonaws.com', sourceArn);
  } catch (cause) {
    throw new NotPermitted('API Gateway has no permission to invoke the function', { cause });
  }
  return within(timeout, functions.invoke(functionArn, event));
}

/** The ARN of a function, or the function's ARN in an invocation ARN. Undefined for anything else. */
export function functionArnIn(uri: string): string | undefined {
  const [, arn = uri] = /:lambda:path\/[^/]+\/functions\/(.+)\/invocations$/.exec(uri) ?? [];
  return /^arn:[^:]+:lambda:/.test(arn) ? arn : undefined;
}
