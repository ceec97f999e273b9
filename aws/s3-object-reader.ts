import { AwsV4Signer } from 'aws4fetch';
import type { ObjectReader, VersionedObject } from '../lambda/object-reader';
import { type Outcome, obstacleCode, type Patience, withPatience } from './retry';
import { AwsCallError } from './aws-error';
import { configuredEndpoint, regionalHost } from './endpoints';
import { defaultProvider } from './environment-credentials';

const ACTION = 's3:GetObjectVersion';
/** About eight seconds of pauses: so long may a role's new right, or a new bucket, take to be known everywhere. */
const PATIENCE: Patience = { attempts: 10, milliseconds: 3_000 };
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

  constructor(
    environment: NodeJS.ProcessEnv,
    private readonly patience: Patience = PATIENCE,
  ) {
    this.region = environment['AWS_REGION'] ?? '';
    this.endpoint = configuredEndpoint('S3', environment);
  }

  /** @throws AwsCallError after the last attempt, or at once for what does not pass; also for more than a megabyte */
  read(object: VersionedObject, signal: AbortSignal): Promise<string> {
    return withPatience(this.patience, (time) => this.attempt(object, time), signal);
  }

  private async attempt(object: VersionedObject, signal: AbortSignal): Promise<Outcome<string>> {
    const { bucket, key, versionId } = object;
    const failed = (code: string, message: string, passes: boolean): Outcome<string> => ({
      error: new AwsCallError(ACTION, code, `${message} (s3://${bucket}/${key}, version ${versionId})`),
      passes,
    });
    const { url, method, headers } = await this.signed(object);
    let response: Response;
    let text: string | undefined;
    try {
      response = await fetch(url, { method, headers, signal, redirect: 'manual' });
      text = await textOf(response);
    } catch (error) {
      return failed(obstacleCode(error), 'no answer', true);
    }
    if (text === undefined) return failed('EntityTooLarge', `more than ${MAX_BYTES} bytes`, false);
    const { status } = response;
    if (status !== 200) {
      const { code, message } = readError(text, status);
      // https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
      return failed(code, message, status >= 500 || status === 403);
    }
    if (response.headers.get('x-amz-version-id') !== versionId) {
      return failed('InvalidAnswer', 'another version than the one asked for', false);
    }
    return { answer: text };
  }

  private async signed(object: VersionedObject) {
    return new AwsV4Signer({
      ...(await this.credentials()),
      method: 'GET',
      url: this.urlOf(object),
      headers: { 'x-amz-content-sha256': EMPTY_BODY },
      service: 's3',
      region: this.region,
    }).sign();
  }

  /**
   * By virtual host, as S3 recommends; not where no certificate is for the bucket's name: at an endpoint of one's own, and
   * with a dot in the name. https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
   */
  private urlOf({ bucket, key, versionId }: VersionedObject): string {
    const host = regionalHost('s3', this.region);
    const isVirtualHost = this.endpoint === undefined && !bucket.includes('.');
    const byPath = `${this.endpoint?.replace(/\/$/, '') ?? `https://${host}`}/${bucket}`;
    const base = isVirtualHost ? `https://${bucket}.${host}` : byPath;
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

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
function readError(xml: string, status: number): { readonly code: string; readonly message: string } {
  const [, code = `HTTP ${status}`] = /<Code>(\w{1,100})<\/Code>/.exec(xml) ?? [];
  const [, message = 'no message'] = /<Message>([^<]{1,500})<\/Message>/.exec(xml) ?? [];
  return { code, message };
}
