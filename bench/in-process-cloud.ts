import { Readable } from 'node:stream';
import { type AwsConnection, functionConnection } from '../aws/connection';
import { SANDBOX_ACCOUNT } from '../sandbox/account';
import { Clock } from '../sandbox/clock';
import type { Properties, Resource } from '../sandbox/cloudformation/resource-type';
import type { AwsAnswer, AwsApi } from '../sandbox/endpoint/api';
import type { JsonDocument } from '../sandbox/endpoint/json-protocol';
import { Requests } from '../sandbox/endpoint/requests';
import { Faults } from '../sandbox/faults';
import { AcmPcaService } from '../sandbox/services/acm-pca';
import { DynamoDbService } from '../sandbox/services/dynamodb';
import { EventBridgeService } from '../sandbox/services/events';
import { IamService } from '../sandbox/services/iam';
import { S3Service } from '../sandbox/services/s3';
import { SecretsManagerService } from '../sandbox/services/secrets-manager';
import type { RotationEvent } from '../sandbox/services/secrets-manager/rotation/ports';

/** A request as an SDK client passes it to its request handler. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A call of an AWS service. */
export interface CloudCall {
  /** The name in the credential scope, such as `dynamodb`. */
  readonly service: string;
  readonly operation: string;
  readonly input: JsonDocument;
}

export interface InProcessCloudOptions {
  /** Runs one step of a rotation. @default - nothing rotates */
  invoke?(event: RotationEvent): Promise<void>;
  /** Receives the events of Secrets Manager, such as `RotationSucceeded`. */
  onRotationEvent?(name: string): void;
  /** Surrounds every call. @default - calls take no time */
  around?(call: CloudCall, answer: () => Promise<AwsAnswer>): Promise<AwsAnswer>;
}

/**
 * The sandbox's services without sockets and child processes, so that a call takes no virtual time. Requests are signed,
 * authorized, limited by quotas and answered as at the sandbox's endpoint.
 */
export class InProcessCloud {
  /** For functions and SDK clients in this process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly region = SANDBOX_ACCOUNT.region;
  /** The number of calls by operation and outcome, such as `IssueCertificate ThrottlingException`. */
  readonly outcomes = new Map<string, number>();
  private readonly requests: Requests;
  private readonly apis: readonly AwsApi[];
  private readonly resourceTypes: AcmPcaService['resourceTypes'];

  constructor(private readonly options: InProcessCloudOptions = {}) {
    const surroundings = { account: SANDBOX_ACCOUNT, clock: new Clock() };
    const iam = new IamService(surroundings);
    const secrets = new SecretsManagerService(surroundings, {
      functions: { invoke: async (_functionArn, event) => options.invoke?.(event), assertMayInvoke: () => undefined },
      events: { put: ({ detail }) => options.onRotationEvent?.(String(detail['eventName'])) },
      keys: { authorizeUse: () => undefined },
    });
    const targets = {
      functions: { invokeAsynchronously: async () => undefined, assertMayInvoke: () => undefined },
      topics: { publish: () => undefined },
    };
    const events = new EventBridgeService(surroundings, targets);
    const objects = new S3Service(surroundings, { authorizeUse: () => undefined });
    const acmPca = new AcmPcaService(surroundings, { iam, objects });
    const services = [acmPca, secrets, new DynamoDbService(surroundings), events];
    const { accessKeyId, secretAccessKey } = iam.issueCredentials(iam.operator);

    this.apis = services.map(({ api }) => api);
    this.resourceTypes = Object.assign({}, ...services.map(({ resourceTypes }) => resourceTypes));
    this.environment = {
      AWS_REGION: this.region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
    this.requests = new Requests({
      accounts: [{ apis: this.apis, iam }],
      clock: surroundings.clock,
      faults: new Faults(),
      calls: {
        record: ({ operation, outcome }) => {
          const key = `${operation} ${outcome}`;
          this.outcomes.set(key, (this.outcomes.get(key) ?? 0) + 1);
        },
      },
      killProcessOf: async () => undefined,
      receiveCustomResourceResponse: () => false,
    });
  }

  /** Creates a resource as CloudFormation does. */
  create(type: string, properties: Properties): Promise<Resource> {
    const resourceType = this.resourceTypes[type];
    if (resourceType === undefined) throw new Error(`there is no resource type ${type}`);
    return resourceType.create({ stackName: 'mesh', stackId: 'mesh', logicalId: 'Resource', properties });
  }

  /** Calls DynamoDB without a signature, and without `around`. @throws Error with the answer of a failed call */
  async dynamoDb(operation: string, input: object): Promise<JsonDocument> {
    const call = { ...dynamoDbRequest(operation, input), caller: { principalArn: '', accessKeyId: '' } };
    const answer = await this.apiOf('dynamodb')?.handle({ ...call, authorize: () => undefined });
    if (answer?.status !== 200) throw new Error(`${operation} failed: ${answer?.body}`);
    return JSON.parse(String(answer.body));
  }

  /** The `requestHandler` of an SDK client. */
  readonly requestHandler = {
    handle: async (request: SdkRequest, { abortSignal }: { readonly abortSignal?: AbortSignal } = {}) => {
      if (abortSignal?.aborted) throw Object.assign(new Error('Request aborted'), { name: 'AbortError' });
      const { status, headers, body } = await this.answer(request);
      return {
        response: { statusCode: status, headers: headers ?? {}, body: Readable.from([Buffer.from(body ?? '')]) },
      };
    },
  };

  /** Gives this process the permissions of an operator, and then runs `work`. */
  async inUse<T>(work: () => Promise<T>): Promise<T> {
    Object.assign(process.env, this.environment);
    return work();
  }

  /** The connection of functions, with the permissions of an operator. */
  get connection(): AwsConnection {
    return { ...functionConnection(this.environment), send: this.send };
  }

  private readonly send: AwsConnection['send'] = async ({ host, pathname: path }, request) => {
    request.signal.throwIfAborted();
    const { method, body: sent = '' } = request;
    const answer = await this.answer({ method, path, headers: { host, ...request.headers }, body: sent });
    const body = Readable.from([Buffer.from(answer.body ?? '')]);
    return Object.assign(body, { statusCode: answer.status, headers: answer.headers as Record<string, string> });
  };

  private async answer({ method, path, headers, body = '' }: SdkRequest): Promise<AwsAnswer> {
    const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const request = { method, path, query: '', headers: Object.fromEntries(lowerCase), body: Buffer.from(body) };
    const answer = async () => {
      const answered = await this.requests.answer(request);
      if (answered === undefined) throw new Error(`${method} ${path} was not answered`);
      return answered;
    };
    const { around } = this.options;
    if (around === undefined) return answer();
    const [, service = ''] = /\/([^/]+)\/aws4_request/.exec(request.headers['authorization'] ?? '') ?? [];
    const described = this.apiOf(service)?.describe({ ...request, query: new URLSearchParams() });
    if (described === undefined) throw new Error(`there is no service ${service}`);
    return around({ service, ...described }, answer);
  }

  private apiOf(service: string): AwsApi | undefined {
    return this.apis.find(({ signingName }) => signingName === service);
  }
}

function dynamoDbRequest(operation: string, input: object) {
  const headers = { 'x-amz-target': `DynamoDB_20120810.${operation}` };
  return { method: 'POST', path: '/', query: new URLSearchParams(), headers, body: Buffer.from(JSON.stringify(input)) };
}
