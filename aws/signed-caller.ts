import { sign } from 'aws4';
import { AwsCallError } from './aws-error';
import type { AwsConnection } from './connection';
import { type HttpResponse, sendHttpRequest } from './http-request';
import { type Attempt, type RetryPolicy, retry } from './retry';

/** An AWS service. */
export interface ServiceName {
  /** The service's name in signatures, and the first label of its host. */
  readonly name: string;
  /**
   * The prefix of the service's IAM actions.
   * @default - `name`
   */
  readonly actionPrefix?: string;
  /** The suffix of the environment variable for another endpoint: `AWS_ENDPOINT_URL_<endpointVariable>`. */
  readonly endpointVariable: string;
}

export interface ServiceRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** Path and query string, URL-encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** A label before the service's host, such as an S3 bucket. Configured endpoints do not get it. */
  readonly hostLabel?: string;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers: HttpResponse['headers'];
  readonly text: string;
}

/** Reads the responses of one protocol or operation. */
export interface ResponseReader<T> {
  /**
   * Whether a response with the HTTP status is an answer.
   * @default - 2xx
   */
  readonly isAnswer?: (status: number) => boolean;
  /** Reads an answer; undefined for a response without one, such as a proxy's page. */
  answerIn(response: ServiceResponse): T | undefined;
  errorIn(response: ServiceResponse): { readonly code: string | undefined; readonly message: string | undefined };
  /**
   * The maximum size of a body in bytes. A larger body is an error.
   * @default - none
   */
  readonly largestBody?: number;
}

/** Error codes with HTTP status 400 that mean throttling. CloudFormation's is `Throttling`. */
const THROTTLING_CODES: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  // Of PutParameter.
  'TooManyUpdates',
]);
const TOO_MANY_REQUESTS = 429;

export interface SignedCallerOptions {
  readonly service: ServiceName;
  readonly connection: AwsConnection;
  readonly retryPolicy: RetryPolicy;
}

/**
 * Calls an AWS service with Signature Version 4. Functions use it instead of an SDK client, which takes longer
 * to load than their work takes.
 */
export class SignedCaller {
  constructor(private readonly options: SignedCallerOptions) {}

  /** @throws AwsCallError after the last attempt, or at once for an error that is not retryable */
  call<T>(operation: string, request: ServiceRequest, reader: ResponseReader<T>, signal: AbortSignal): Promise<T> {
    const { retryPolicy } = this.options;
    return retry(retryPolicy, (limited) => this.attempt(operation, request, reader, limited), signal);
  }

  private async attempt<T>(
    operation: string,
    request: ServiceRequest,
    reader: ResponseReader<T>,
    signal: AbortSignal,
  ): Promise<Attempt<T>> {
    const { largestBody = Number.POSITIVE_INFINITY, isAnswer = isSuccess } = reader;
    const { name: service, actionPrefix = service } = this.options.service;
    const error = (code: string, message: string) => new AwsCallError(`${actionPrefix}:${operation}`, code, message);
    const { send = sendHttpRequest } = this.options.connection;
    const { method, body } = request;
    const { url, headers } = await this.sign(request);
    let response: HttpResponse;
    let text: string | undefined;
    try {
      response = await send(url, { method, headers, body, signal });
      text = await readText(response, largestBody);
    } catch (failure) {
      const cause = signal.aborted ? signal.reason : failure;
      return { error: error(networkErrorCode(cause), cause.message || 'no answer'), retryable: true };
    }
    if (text === undefined)
      return { error: error('EntityTooLarge', `more than ${largestBody} bytes`), retryable: false };
    const { statusCode: status = 0, headers: answered } = response;
    const received = { status, headers: answered, text };
    const answer = isAnswer(status) ? reader.answerIn(received) : undefined;
    if (answer !== undefined) return { value: answer };
    const { code = '', message = 'no message' } = reader.errorIn(received);
    const throttled = status === TOO_MANY_REQUESTS || THROTTLING_CODES.has(code);
    const retryable = throttled || isAnswer(status) || status >= 500;
    // Any other text is not an error code of the service, and may quote the request.
    const name = /^[\w.]{1,100}$/.test(code) ? code : `HTTP ${status}`;
    return { error: error(name, message), retryable, throttled };
  }

  private async sign({ method, path, headers, body, hostLabel }: ServiceRequest) {
    const { service, connection } = this.options;
    const signer = await connection.signer();
    const host = [hostLabel, regionalHost(service.name, signer.region)].filter(Boolean).join('.');
    const url = new URL((connection.endpoint(service.endpointVariable) ?? `https://${host}`) + path);
    const request = { host: url.host, method, path: url.pathname + url.search, headers: { ...headers } };
    const { region, ...credentials } = signer;
    const content = body && { body: Buffer.from(body) };
    const signed = sign({ ...request, ...content, service: service.name, region }, credentials);
    // The length of the body is a number.
    const texts = Object.entries(signed.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
    return { url, headers: Object.fromEntries(texts) as Readonly<Record<string, string>> };
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** The domains of China and of the European Sovereign Cloud, by the beginning of their Regions' names. */
const OTHER_DOMAINS: ReadonlyMap<string, string> = new Map([
  ['cn', 'amazonaws.com.cn'],
  ['eusc', 'amazonaws.eu'],
]);

/** Such as `dynamodb.eu-central-1.amazonaws.com`. */
function regionalHost(service: string, region: string): string {
  const [beginning = ''] = region.split('-');
  return `${service}.${region}.${OTHER_DOMAINS.get(beginning) ?? 'amazonaws.com'}`;
}

/** Undefined for a body larger than the limit. The rest of it is not downloaded. */
async function readText(body: HttpResponse, limit: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    // Leaving the loop cancels the download.
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface NetworkError {
  readonly name: string;
  readonly code?: unknown;
  /** Empty for an attempt to connect to several addresses. */
  readonly message: string;
}

/** The code of the system's error, such as `ECONNREFUSED`. Without a code, its name, such as `TimeoutError`. */
export function networkErrorCode(error: unknown): string {
  const { code, name } = error as NetworkError;
  return typeof code === 'string' ? code : name;
}
