import { AwsV4Signer } from 'aws4fetch';
import { type Outcome, obstacleCode, type Patience, withPatience } from './retry';
import { AwsCallError } from './aws-error';
import { configuredEndpoint, regionalHost } from './endpoints';
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

/** Errors that answer with 400 and pass by themselves; CloudFormation's is `Throttling`. */
const THROTTLING_CODES: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
]);
const TOO_MANY_REQUESTS = 429;

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
      configuredEndpoint(service.endpointVariable, environment) ?? `https://${regionalHost(service.name, this.region)}`;
  }

  /** @throws AwsCallError after the last attempt, or at once for an error that does not pass */
  call<T>(operation: string, request: ServiceRequest, reader: ResponseReader<T>, signal: AbortSignal): Promise<T> {
    return withPatience(this.patience, (time) => this.attempt(operation, request, reader, time), signal);
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
      const answered = await fetch(url, { method, headers, body: request.body, signal, redirect: 'error' });
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
