/** One service's API on the wire. The endpoint finds it by the service name in the request's SigV4 credential scope. */
export interface AwsApi {
  /** As in the credential scope: `acm-pca`, `secretsmanager`, `s3`, `dynamodb`. */
  readonly signingName: string;
  /** What a call is about, for those who look on; never throws. */
  describe(call: Pick<AwsCall, 'method' | 'path' | 'query' | 'headers' | 'body'>): CallDescription;
  /** Never rejects: an error is an answer in the service's own protocol. */
  handle(call: AwsCall): Promise<AwsAnswer>;
}

export interface AwsCall {
  readonly method: string;
  /** Percent-encoded, without the query string. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly caller: Caller;
  /**
   * Throws `AccessDenied` unless the caller's policies, and the resource's own where it has one, allow the action.
   * @param action such as `acm-pca:IssueCertificate`
   * @param resource its ARN, or `*` where the action has none
   * @param conditionKeys service-specific context such as `acm-pca:TemplateArn`
   */
  authorize(action: string, resource: string, conditionKeys?: ConditionKeys, resourcePolicy?: PolicyDocument): void;
}

/** Who signed a call. */
export interface Caller {
  readonly principalArn: string;
  readonly accessKeyId: string;
}

export interface CallDescription {
  /** Such as `IssueCertificate`; what the caller named, when the service does not know it. */
  readonly operation: string;
  /** Empty when it can't be read. */
  readonly input: Readonly<Record<string, unknown>>;
}

export type ConditionKeys = Readonly<Record<string, string | readonly string[]>>;

export interface AwsAnswer {
  readonly status: number;
  /** A list is one header line each. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

/** An error that a service documents. `code` is its name on the wire. */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
    this.name = code;
  }
}

/** The caller's policies do not allow the call. Services answer it under the name that their protocol gives it. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDenied';
}

/** An IAM policy as it stands in a template. */
export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: PolicyStatement | readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}
