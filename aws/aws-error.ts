/** A call to an AWS service failed. */
export class AwsCallError extends Error {
  override readonly name = 'AwsCallError';

  constructor(
    /** As in IAM policies, such as `acm-pca:IssueCertificate`. */
    action: string,
    /** The service's name for the error, such as `ResourceNotFoundException`. */
    readonly code: string,
    /** The service's message. */
    readonly reason: string,
  ) {
    super(`${action} failed with ${code}: ${reason}`);
  }
}

/** Whether `error` is the service's error of that name. */
export function isAwsError(error: unknown, code: string): boolean {
  return error instanceof AwsCallError && error.code === code;
}

/**
 * The answer of an SDK client; its error becomes an `AwsCallError`. The SDK's error is not kept as cause, because it holds
 * the request and with it what was sent.
 * @param action as in IAM policies, such as `acm-pca:IssueCertificate`
 */
export async function sdkCall<T>(action: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    // Of the call that gets the client's credentials.
    if (error instanceof AwsCallError) throw error;
    if (error instanceof Error) throw new AwsCallError(action, codeOf(error), error.message || 'no answer');
    throw new AwsCallError(action, 'UnknownError', String(error));
  }
}

/** The name of the service's error, or the code of the system's, such as `ECONNREFUSED`. */
function codeOf(error: NodeJS.ErrnoException): string {
  return typeof error.code === 'string' ? error.code : error.name;
}
