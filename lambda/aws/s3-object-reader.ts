import { AwsV4Signer } from 'aws4fetch';
import type { ObjectReader, ObjectVersion } from '../certificate-issuer/gateway-truststore';
import { type Outcome, obstacleCode, withPatience } from './attempts';
import { AwsCallError } from './aws-call';
import { configuredEndpoint, regionalHost } from './endpoints';
import { defaultProvider } from './environment-credentials';

const ACTION = 's3:GetObjectVersion';
const PATIENCE = { attempts: 4, milliseconds: 3_000 };
/** A truststore with all the authorities that a gateway takes has a tenth of it. */
const MAX_BYTES = 1_000_000;
/** SHA-256 of no body, which every signed S3 request states. */
const EMPTY_BODY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * Reads versions of objects without an SDK, which would take the issuer longer to load than all else that it does.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export class S3ObjectReader implements ObjectReader {
  private readonly credentials = defaultProvider();
  private readonly region: string;
  private readonly endpoint: string | undefined;

  constructor(environment: NodeJS.ProcessEnv) {
    this.region = environment['AWS_REGION'] ?? '';
    this.endpoint = configuredEndpoint('S3', environment);
  }

  /** @throws AwsCallError also for an object of more than a megabyte */
  read(object: ObjectVersion, signal: AbortSignal): Promise<string> {
    return withPatience(PATIENCE, (time) => this.attempt(object, time), signal);
  }

  private async attempt(object: ObjectVersion, signal: AbortSignal): Promise<Outcome<string>> {
    const failed = (code: string, message: string, passes: boolean): Outcome<string> => ({
      error: new AwsCallError(ACTION, code, message),
      passes,
    });
    const { url, method, headers } = await this.signed(object);
    let status: number;
    let text: string | undefined;
    try {
      const response = await fetch(url, { method, headers, signal, redirect: 'error' });
      status = response.status;
      text = await textOf(response);
    } catch (error) {
      return failed(obstacleCode(error), 'no answer', true);
    }
    if (text === undefined) return failed('EntityTooLarge', `the object has more than ${MAX_BYTES} bytes`, false);
    if (status === 200) return { answer: text };
    const [, code = `HTTP ${status}`] = /<Code>(\w{1,100})<\/Code>/.exec(text) ?? [];
    return failed(code, `of s3://${object.bucket}/${object.key}, version ${object.versionId}`, status >= 500);
  }

  private async signed(object: ObjectVersion) {
    return new AwsV4Signer({
      ...(await this.credentials()),
      method: 'GET',
      url: this.urlOf(object),
      headers: { 'x-amz-content-sha256': EMPTY_BODY },
      service: 's3',
      region: this.region,
    }).sign();
  }

  /** By virtual host, as S3 recommends; an endpoint of one's own has no names for buckets. */
  private urlOf({ bucket, key, versionId }: ObjectVersion): string {
    const base =
      this.endpoint === undefined
        ? `https://${bucket}.${regionalHost('s3', this.region)}`
        : `${this.endpoint.replace(/\/$/, '')}/${bucket}`;
    const path = key.split('/').map(encodeURIComponent).join('/');
    return `${base}/${path}?versionId=${encodeURIComponent(versionId)}`;
  }
}

/** Undefined when it is too long, without reading it to its end. */
async function textOf({ body }: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    // Leaving the loop ends the download.
    if (size > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
