/** The API of a service. The endpoint selects it by the service name in the SigV4 credential scope. */
export interface AwsApi {
  /** The name in the credential scope: `acm-pca`, `secretsmanager`, `s3`, or `dynamodb`. */
  readonly signingName: string;
  /** Describes a call for the call log and faults. Never throws. */
  describe(call: Unsigned): CallDescription;
  /**
   * Whether the call names a resource of this account, by its ARN or its URL. Then the account answers callers of other
   * accounts as well. Never throws. Absent if the sandbox has no such calls of the service.
   */
  owns?(call: Unsigned): boolean;
  /** Never rejects: returns errors in the protocol of the service. */
  handle(call: AwsCall): Promise<AwsAnswer>;
}

type Unsigned = Pick<AwsCall, 'method' | 'path' | 'query' | 'headers' | 'body'>;

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
   * Throws `AccessDenied` unless the policies of the caller and of the resource allow the action.
   * @param action such as `acm-pca:IssueCertificate`
   * @param resource its ARN, or `*` if the action has no resource
   * @param conditionKeys service-specific context, such as `acm-pca:TemplateArn`
   */
  authorize(action: string, resource: string, conditionKeys?: ConditionKeys, resourcePolicy?: PolicyDocument): void;
}

/** The signer of a call, of any account. */
export interface Caller {
  readonly principalArn: string;
  readonly accessKeyId: string;
}

export interface CallDescription {
  /** Such as `IssueCertificate`. For an unknown operation, the name in the request. */
  readonly operation: string;
  /** Empty if it can't be read. */
  readonly input: Readonly<Record<string, unknown>>;
}

export type ConditionKeys = Readonly<Record<string, string | readonly string[]>>;

export interface AwsAnswer {
  readonly status: number;
  /** A list adds one header line for each element. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

/** An error that a service documents. `code` is its name in the protocol. */
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

/** The policies of the caller don't allow the call. Each service has its own name for this error. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDenied';
}

/** An IAM policy in a template. */
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
