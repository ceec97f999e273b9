import { sendHttpRequest } from '../../aws/http-request';
import { longestDuration, retry } from '../../aws/retry';
import { networkErrorCode } from '../../aws/signed-caller';

const RETRY_POLICY = { attempts: 5, timeout: 3_000, backoff: { first: 200, longest: 5_000 } } as const;

/** The longest time that a delivery takes. Milliseconds. */
export const DELIVERY_TIME = longestDuration(RETRY_POLICY);

/** CloudFormation did not receive the response. The message never contains the presigned URL. */
export class AnswerNotDeliveredError extends Error {
  override readonly name = 'AnswerNotDeliveredError';
}

/** Sends the response to CloudFormation's presigned URL. Network errors and 5xx are retryable. */
export async function deliver(responseUrl: string, body: string): Promise<void> {
  await retry(
    RETRY_POLICY,
    async (signal) => {
      const status = await put(responseUrl, body, signal);
      if (typeof status === 'number' && status < 300) return { value: undefined };
      const error = new AnswerNotDeliveredError(`CloudFormation's response URL did not accept the response: ${status}`);
      return { error, retryable: typeof status === 'string' || status >= 500 };
    },
    new AbortController().signal,
  );
}

/**
 * The content type is empty, because S3 verifies it as part of the URL's signature, and the URL is signed with an empty
 * content type. The `cfn-response` module of AWS and the provider framework of the CDK also send an empty one.
 *
 * @returns the HTTP status, or the code of a network error, because the error's message may quote the URL
 */
async function put(responseUrl: string, body: string, signal: AbortSignal): Promise<number | string> {
  try {
    const headers = { 'content-type': '' };
    const response = await sendHttpRequest(new URL(responseUrl), { method: 'PUT', headers, body, signal });
    // Frees the connection.
    for await (const _ of response);
    return response.statusCode ?? 0;
  } catch (error) {
    return networkErrorCode(signal.aborted ? signal.reason : error);
  }
}
