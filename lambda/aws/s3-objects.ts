import { setTimeout as pause } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import type { ObjectReader } from '../trust-anchor';
import { AwsCallError, obstacleCode } from './aws-call';
import { endpointUrl } from './endpoint';
import { defaultProvider } from './environment-credentials';

const ACTION = 's3:GetObjectVersion';
/** Hundreds of certificates. What is larger is no trust anchor. */
export const MAX_OBJECT_BYTES = 256 * 1024;
const ATTEMPT_MS = 5_000;

type Outcome =
  | { readonly text: string }
  | { readonly error: AwsCallError /** Whether another attempt may do better. */; readonly passes: boolean };

/**
 * Objects of S3 in the function's own Region, read without the SDK's client, which the issuer needs for nothing else.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export class S3Objects implements ObjectReader {
  private readonly credentials = defaultProvider();
  private readonly region: string;
  private readonly url: string;

  /**
   * @param pauseLimitsMs a further attempt for each. A role's new right takes seconds to be known everywhere, so that a
   * refusal may pass too: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
   */
  constructor(
    environment: NodeJS.ProcessEnv,
    private readonly pauseLimitsMs: readonly number[] = [500, 1_000, 2_000, 4_000, 8_000],
  ) {
    this.region = environment['AWS_REGION'] ?? '';
    this.url = endpointUrl('s3', 'S3', environment);
  }

  /** @throws AwsCallError after the last attempt, or at once for an error that does not pass */
  async readText(bucket: string, key: string, versionId: string, signal: AbortSignal): Promise<string> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.attempt(bucket, key, versionId, signal);
      if ('text' in outcome) return outcome.text;
      signal.throwIfAborted();
      const limit = this.pauseLimitsMs[attempt];
      if (!outcome.passes || limit === undefined) throw outcome.error;
      await pause((limit * (1 + Math.random())) / 2, undefined, { signal });
    }
  }

  private async attempt(bucket: string, key: string, versionId: string, signal: AbortSignal): Promise<Outcome> {
    const failed = (code: string, message: string, passes: boolean): Outcome => ({
      error: new AwsCallError(ACTION, code, `${message} (version ${versionId} of s3://${bucket}/${key})`),
      passes,
    });
    const { url, headers } = await new AwsV4Signer({
      ...(await this.credentials()),
      url: `${this.url}/${bucket}/${key}?versionId=${encodeURIComponent(versionId)}`,
      service: 's3',
      region: this.region,
    }).sign();
    try {
      const time = AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]);
      const response = await fetch(url, { headers, signal: time, redirect: 'manual' });
      const body = await limitedBody(response);
      if (body === undefined) return failed('EntityTooLarge', `more than ${MAX_OBJECT_BYTES} bytes`, false);
      if (response.status !== 200) {
        const { code, message } = readError(body, response.status);
        return failed(code, message, response.status >= 500 || response.status === 403);
      }
      if (response.headers.get('x-amz-version-id') !== versionId) {
        return failed('InvalidAnswer', 'another version than the one asked for', false);
      }
      return { text: body };
    } catch (error) {
      return failed(obstacleCode(error), 'no answer', true);
    }
  }
}

/** Undefined for a body that is too large; the rest of it is not read. */
async function limitedBody({ body }: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_OBJECT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
function readError(xml: string, status: number): { readonly code: string; readonly message: string } {
  const [, code = `HTTP ${status}`] = /<Code>(\w+)<\/Code>/.exec(xml) ?? [];
  const [, message = 'no message'] = /<Message>([^<]{1,500})<\/Message>/.exec(xml) ?? [];
  return { code, message };
}
