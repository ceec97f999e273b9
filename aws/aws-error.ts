/** A call to an AWS service that did not succeed. */
export class AwsCallError extends Error {
  override readonly name = 'AwsCallError';

  constructor(
    action: string,
    /** The service's name for the error, such as `ResourceNotFoundException`. */
    readonly code: string,
    message: string,
  ) {
    super(`${action} failed with ${code}: ${message}`);
  }
}

/**
 * The answer of a call; its error as `AwsCallError`.
 * The SDK's own error is not kept as cause: it holds the exchange, and with it what was sent.
 * @param action as in IAM, such as `acm-pca:IssueCertificate`
 */
export async function awsCall<T>(action: string, sent: Promise<T>): Promise<T> {
  try {
    return await sent;
  } catch (error) {
    if (error instanceof Error) throw new AwsCallError(action, error.name, error.message);
    throw new AwsCallError(action, 'UnknownError', String(error));
  }
}

/** Whether `error` is the service's answer of that name. */
export function isAwsError(error: unknown, code: string): boolean {
  return error instanceof AwsCallError && error.code === code;
}
