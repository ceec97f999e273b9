import { setTimeout as pause } from 'node:timers/promises';

const ATTEMPTS = 5;
const ATTEMPT_MS = 3_000;
/** Before the second attempt; doubles with each further one. */
const FIRST_PAUSE_MS = 200;

/** Longest time that a delivery takes before it is given up. */
export const DELIVERY_MS = ATTEMPTS * ATTEMPT_MS + FIRST_PAUSE_MS * (2 ** (ATTEMPTS - 1) - 1);

/** CloudFormation did not get the answer. The error, which Lambda logs, does not tell the presigned URL. */
export class AnswerNotDeliveredError extends Error {
  override readonly name = 'AnswerNotDeliveredError';
}

/** Puts the answer where CloudFormation waits for it; network errors and 5xx are tried again. */
export async function deliver(responseUrl: string, body: string): Promise<void> {
  let obstacle = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
    const status = await put(responseUrl, body);
    if (typeof status === 'number' && status < 300) return;
    obstacle = `${status}`;
    if (typeof status === 'number' && status < 500) break;
  }
  throw new AnswerNotDeliveredError(`CloudFormation's response URL did not take the answer: ${obstacle}`);
}

/**
 * The HTTP status, or the code of what kept the request from being answered.
 * Content type: S3 verifies it as part of the URL's signature, which was made over an empty one, so AWS's `cfn-response`
 * module and the CDK's provider framework send it empty; a body of bytes keeps `fetch` from choosing another.
 */
async function put(responseUrl: string, body: string): Promise<number | string> {
  try {
    const response = await fetch(responseUrl, {
      method: 'PUT',
      headers: { 'content-type': '' },
      body: Buffer.from(body),
      signal: AbortSignal.timeout(ATTEMPT_MS),
    });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    return obstacleCode(error);
  }
}

/** `fetch` hides the system's error code in its error's cause. The message is not told, as it may quote the URL. */
function obstacleCode(error: unknown): string {
  const { cause, name } = Object(error) as { readonly cause?: { readonly code?: unknown }; readonly name?: unknown };
  return String(cause?.code ?? name ?? 'network error');
}
