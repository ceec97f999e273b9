import { setTimeout as pause } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import { AwsCallError } from './aws-call';
import { defaultProvider } from './environment-credentials';

/** A service of AWS, by what finds it and signs for it. */
export interface ServiceName {
  /** In IAM actions and signatures, and the first label of its host. */
  readonly name: string;
  /** The end of the environment variable that names another endpoint: `AWS_ENDPOINT_URL_<endpointVariable>`. */
  readonly endpointVariable: string;
}

export interface ServiceRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface ServiceResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** How a service's responses are to be read. */
export interface ResponseReader<T> {
  /** Undefined for what is no answer of the service, such as a proxy's page. */
  answerOf(response: ServiceResponse): T | undefined;
  errorOf(response: ServiceResponse): { readonly code: string | undefined; readonly message: string | undefined };
}

/** How long to go on trying. */
export interface Patience {
  readonly attempts: number;
  /** For each attempt. */
  readonly milliseconds: number;
}

/** Pauses between attempts are random between 0 and a limit, which doubles from the first to the longest. */
const FIRST_PAUSE_LIMIT_MS = 50;
const LONGEST_PAUSE_LIMIT_MS = 5_000;

/** Errors that answer with 400 and pass by themselves; CloudFormation's is `Throttling`. */
const THROTTLING_CODES: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
]);
const TOO_MANY_REQUESTS = 429;

type Outcome<T> =
  | { readonly answer: T }
  | { readonly error: AwsCallError /** Whether another attempt may do better. */; readonly passes: boolean };

/** Calls a service without an SDK, which would take a function longer to load than its work takes. */
export class SignedService {
  private readonly credentials = defaultProvider();
  private readonly region: string;
  private readonly url: string;
  /** The signer derives one key a day from the credentials. */
  private readonly signingKeys = new Map<string, ArrayBuffer>();

  constructor(
    private readonly service: ServiceName,
    private readonly patience: Patience,
    environment: NodeJS.ProcessEnv,
  ) {
    this.region = environment['AWS_REGION'] ?? '';
    this.url =
      environment[`AWS_ENDPOINT_URL_${service.endpointVariable}`] ||
      environment['AWS_ENDPOINT_URL'] ||
      `https://${service.name}.${this.region}.amazonaws.com${this.region.startsWith('cn-') ? '.cn' : ''}`;
  }

  /** @throws AwsCallError after the last attempt, or at once for an error that does not pass */
  async call<T>(
    operation: string,
    request: ServiceRequest,
    reader: ResponseReader<T>,
    signal: AbortSignal,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.attempt(operation, request, reader, signal);
      if ('answer' in outcome) return outcome.answer;
      signal.throwIfAborted();
      if (!outcome.passes || attempt >= this.patience.attempts) throw outcome.error;
      const limit = Math.min(FIRST_PAUSE_LIMIT_MS * 2 ** (attempt - 1), LONGEST_PAUSE_LIMIT_MS);
      await pause(Math.random() * limit, undefined, { signal });
    }
  }

  private async attempt<T>(
    operation: string,
    request: ServiceRequest,
    reader: ResponseReader<T>,
    signal: AbortSignal,
  ): Promise<Outcome<T>> {
    const failed = (code: string, message: string, passes: boolean) => ({
      error: new AwsCallError(`${this.service.name}:${operation}`, code, message),
      passes,
    });
    const { url, method, headers } = await this.signed(request);
    let response: ServiceResponse;
    try {
      const time = AbortSignal.any([signal, AbortSignal.timeout(this.patience.milliseconds)]);
      const answered = await fetch(url, { method, headers, body: request.body, signal: time, redirect: 'error' });
      response = { status: answered.status, headers: answered.headers, text: await answered.text() };
    } catch (error) {
      return failed(obstacleCode(error), 'no answer', true);
    }
    const { status } = response;
    const answer = status < 300 ? reader.answerOf(response) : undefined;
    if (answer !== undefined) return { answer };
    const { code = `HTTP ${status}`, message = 'no message' } = reader.errorOf(response);
    const passes = status >= 500 || status < 300 || status === TOO_MANY_REQUESTS || THROTTLING_CODES.has(code);
    return failed(code, message, passes);
  }

  private async signed({ method, path, headers, body }: ServiceRequest) {
    return new AwsV4Signer({
      ...(await this.credentials()),
      method,
      url: this.url.replace(/\/$/, '') + path,
      headers,
      body,
      service: this.service.name,
      region: this.region,
      cache: this.signingKeys,
    }).sign();
  }
}

/** `fetch` hides the system's error code in its error's cause. */
function obstacleCode(error: unknown): string {
  const { cause, name } = Object(error) as { readonly cause?: { readonly code?: unknown }; readonly name?: unknown };
  return String(cause?.code ?? name ?? 'network error');
}
