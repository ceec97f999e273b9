import { AwsV4Signer } from 'aws4fetch';
import { type Outcome, obstacleCode, type Patience, withPatience } from './attempts';
import { AwsCallError } from './aws-call';
import { configuredEndpoint, regionalHost } from './endpoints';
import { defaultProvider } from './environment-credentials';

/** A JSON document of a service's API. */
export type JsonDocument = Readonly<Record<string, unknown>>;

/** A service that speaks AWS JSON. https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html */
export interface JsonServiceName {
  /** In IAM actions and signatures, and the first label of its host. */
  readonly name: string;
  /** What `X-Amz-Target` begins with. */
  readonly targetPrefix: string;
  readonly jsonVersion: '1.0' | '1.1';
  /** The end of the environment variable that names another endpoint: `AWS_ENDPOINT_URL_<endpointVariable>`. */
  readonly endpointVariable: string;
}

/** Errors that answer with 400 and pass by themselves. */
const THROTTLING_CODES: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
]);

/** Calls a service without an SDK, which would take the authorizer longer to load than its decisions take. */
export class JsonService {
  private readonly credentials = defaultProvider();
  private readonly region: string;
  private readonly url: string;
  /** The signer derives one key a day from the credentials. */
  private readonly signingKeys = new Map<string, ArrayBuffer>();

  constructor(
    private readonly service: JsonServiceName,
    private readonly patience: Patience,
    environment: NodeJS.ProcessEnv,
  ) {
    this.region = environment['AWS_REGION'] ?? '';
    this.url =
      configuredEndpoint(service.endpointVariable, environment) ?? `https://${regionalHost(service.name, this.region)}`;
  }

  /** @throws AwsCallError after the last attempt, or at once for an error that does not pass */
  async call(operation: string, input: JsonDocument, signal: AbortSignal): Promise<JsonDocument> {
    const body = JSON.stringify(input);
    return withPatience(this.patience, (time) => this.attempt(operation, body, time), signal);
  }

  private async attempt(operation: string, body: string, signal: AbortSignal): Promise<Outcome<JsonDocument>> {
    const failed = (code: string, message: string, passes: boolean): Outcome<JsonDocument> => ({
      error: new AwsCallError(`${this.service.name}:${operation}`, code, message),
      passes,
    });
    const { url, method, headers } = await this.signed(operation, body);
    let status: number;
    let text: string;
    try {
      const response = await fetch(url, { method, headers, body, signal, redirect: 'error' });
      status = response.status;
      text = await response.text();
    } catch (error) {
      return failed(obstacleCode(error), 'no answer', true);
    }
    const document = parse(text);
    if (status < 300 && document !== undefined) return { answer: document };
    const code = errorCode(document) ?? `HTTP ${status}`;
    const message = String(document?.['message'] ?? document?.['Message'] ?? 'no message');
    return failed(code, message, status >= 500 || status < 300 || THROTTLING_CODES.has(code));
  }

  private async signed(operation: string, body: string) {
    const { name, targetPrefix, jsonVersion } = this.service;
    return new AwsV4Signer({
      ...(await this.credentials()),
      method: 'POST',
      url: this.url,
      headers: {
        'content-type': `application/x-amz-json-${jsonVersion}`,
        'x-amz-target': `${targetPrefix}.${operation}`,
      },
      body,
      service: name,
      region: this.region,
      cache: this.signingKeys,
    }).sign();
  }
}

/** Undefined for what is no JSON object, such as a proxy's error page. */
function parse(text: string): JsonDocument | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** `__type` is the error's name, in some services after a namespace and `#`. */
function errorCode(document: JsonDocument | undefined): string | undefined {
  const type = document?.['__type'];
  return typeof type === 'string' ? type.split('#').at(-1) : undefined;
}
