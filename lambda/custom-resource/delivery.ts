import { longestDuration, retry } from '../../aws/retry';
import { networkErrorCode } from '../../aws/signed-caller';

const RETRY_POLICY = { attempts: 5, timeout: 3_000, backoff: { first: 200, longest: 5_000 } } as const;

/** The longest time that a delivery takes. Milliseconds. */
export const DELIVERY_TIME = longestDuration(RETRY_POLICY);

/** CloudFormation did not receive the answer. The message never contains the presigned URL. */
export class AnswerNotDeliveredError extends Error {
  override readonly name = 'AnswerNotDeliveredError';
}

/** Puts the answer to CloudFormation's presigned URL. Network errors and 5xx are retryable. */
export async function deliver(responseUrl: string, body: string): Promise<void> {
  await retry(
    RETRY_POLICY,
    async (signal) => {
      const status = await put(responseUrl, body, signal);
      if (typeof status === 'number' && status < 300) return { value: undefined };
      const error = new AnswerNotDeliveredError(`CloudFormation's response URL did not accept the answer: ${status}`);
      return { error, retryable: typeof status === 'string' || status >= 500 };
    },
    new AbortController().signal,
  );
}

/**
 * The HTTP status, or the code of a network error. The error's message may quote the URL.
 *
 * The content type is empty: S3 verifies it as part of the URL's signature, which is made over an empty one, and AWS's
 * `cfn-response` module and the CDK's provider framework send it empty. With a body of bytes `fetch` adds none.
 */
async function put(responseUrl: string, body: string, signal: AbortSignal): Promise<number | string> {
  try {
    const response = await fetch(responseUrl, {
      method: 'PUT',
      headers: { 'content-type': '' },
      body: Buffer.from(body),
      signal,
    });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    return networkErrorCode(error);
  }
}
