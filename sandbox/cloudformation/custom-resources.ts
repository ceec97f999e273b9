import { randomBytes, randomUUID } from 'node:crypto';
import { asStrings, type CustomResourceAnswer, type CustomResourceEvent, readAnswer } from './custom-resource-messages';
import {
  IncompleteResource,
  type Properties,
  type Resource,
  type ResourceRequest,
  type ResourceType,
} from './resource-type';

/** The dependencies of custom resources. */
export interface CustomResourceSurroundings {
  /** Invokes a function asynchronously, with Lambda's retries. Rejects if the last attempt fails. */
  invoke(functionArn: string, event: CustomResourceEvent): Promise<unknown>;
  /** The URL that the function puts its answer to. */
  responseUrl(token: string): string;
  /** The log lines of the function so far, oldest first. */
  logLines(functionArn: string): readonly string[];
}

/** The operation failed: the function reported a failure, or gave no valid answer. */
export class CustomResourceError extends Error {
  override readonly name = 'CustomResourceError';

  constructor(
    message: string,
    /** The last log lines of the function. Empty if it wasn't invoked. */
    readonly logLines: readonly string[] = [],
    /** Absent if there was no valid answer. */
    readonly answer?: CustomResourceAnswer,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

const DEFAULT_SERVICE_TIMEOUT_SECONDS = 3600;
/** The number of log lines in a failure. */
const LAST_LOG_LINES = 20;

/**
 * Custom resources with Lambda functions.
 *
 * Requests and answers have CloudFormation's format:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html. The function receives `ServiceToken`
 * and `ServiceTimeout` among its properties, as on AWS (for `ServiceTimeout`, see the log in
 * https://github.com/aws/aws-cdk/pull/30911).
 *
 * There is one deliberate difference. On AWS, if a function ends without an answer or fails for the last time, the
 * stack waits until `ServiceTimeout`, by default for an hour. In the sandbox, the resource fails immediately.
 */
export class CustomResources {
  /** The waiting operations by the token of their response URL. Undefined after an operation ended. */
  private readonly waiting = new Map<string, ((body: Buffer) => void) | undefined>();

  constructor(private readonly surroundings: CustomResourceSurroundings) {}

  /** The resource type of a custom resource. Undefined for other names. */
  resourceType(name: string): ResourceType | undefined {
    if (!name.startsWith('Custom::') && name !== 'AWS::CloudFormation::CustomResource') return undefined;
    return {
      properties: { ServiceToken: 'mutable', ServiceTimeout: 'mutable' },
      otherProperties: 'mutable',
      // The function would see the secret: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
      dynamicReferences: 'refused',
      create: (request) => this.create(name, request),
      update: (request, resource, oldProperties) => this.update(name, request, resource, oldProperties),
      delete: (request, resource) => this.delete(name, request, resource),
    };
  }

  /**
   * Receives an answer at a response URL. Ignores a second answer, and an answer that no operation waits for, because a
   * presigned S3 URL accepts them too.
   * @returns whether the URL belongs to this sandbox
   */
  receive(token: string, body: Buffer): boolean {
    this.waiting.get(token)?.(body);
    return this.waiting.has(token);
  }

  private async create(type: string, request: ResourceRequest): Promise<Resource> {
    const provider = providerOf(request.properties);
    try {
      return await this.ask(provider, type, 'Create', request, {});
    } catch (error) {
      if (!(error instanceof CustomResourceError)) throw error;
      const left = error.answer
        ? resourceOf(error.answer)
        : { physicalId: generatedPhysicalId(request), attributes: {} };
      throw new IncompleteResource(error.message, left, error);
    }
  }

  private async update(
    type: string,
    request: ResourceRequest,
    resource: Resource,
    oldProperties: Properties,
  ): Promise<Resource> {
    const provider = providerOf(request.properties);
    if (provider.functionArn !== oldProperties['ServiceToken']) {
      throw new CustomResourceError('the ServiceToken of a custom resource must not change');
    }
    try {
      return await this.ask(provider, type, 'Update', request, {
        PhysicalResourceId: resource.physicalId,
        OldResourceProperties: asStrings(oldProperties) as Properties,
      });
    } catch (error) {
      const answer = error instanceof CustomResourceError ? error.answer : undefined;
      if (answer === undefined || answer.PhysicalResourceId === resource.physicalId) throw error;
      throw new IncompleteResource(answer.Reason, resourceOf(answer), error);
    }
  }

  private async delete(type: string, request: ResourceRequest, resource: Resource): Promise<void> {
    const provider = providerOf(request.properties);
    await this.ask(provider, type, 'Delete', request, { PhysicalResourceId: resource.physicalId });
  }

  private async ask(
    provider: Provider,
    type: string,
    requestType: CustomResourceEvent['RequestType'],
    { stackId, logicalId, properties }: ResourceRequest,
    specific: Pick<CustomResourceEvent, 'PhysicalResourceId' | 'OldResourceProperties'>,
  ): Promise<Resource> {
    const token = randomUUID();
    const event: CustomResourceEvent = {
      RequestType: requestType,
      ResponseURL: this.surroundings.responseUrl(token),
      StackId: stackId,
      RequestId: randomUUID(),
      ResourceType: type,
      LogicalResourceId: logicalId,
      ResourceProperties: asStrings(properties) as Properties,
      ...specific,
    };
    const fail = (reason: string, answer?: CustomResourceAnswer, cause?: unknown): CustomResourceError => {
      const logLines = this.surroundings.logLines(provider.functionArn).slice(-LAST_LOG_LINES);
      return new CustomResourceError(reason, logLines, answer, cause);
    };
    let answer: CustomResourceAnswer;
    try {
      answer = readAnswer(await this.answerTo(token, provider, event), event);
    } catch (cause) {
      throw fail(cause instanceof Error ? cause.message : String(cause), undefined, cause);
    }
    if (answer.Status === 'FAILED') throw fail(answer.Reason, answer);
    return resourceOf(answer);
  }

  private async answerTo(
    token: string,
    { functionArn, timeoutSeconds }: Provider,
    event: CustomResourceEvent,
  ): Promise<Buffer> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        this.waiting.set(token, resolve);
        const fail = (reason: string, cause?: unknown) => reject(new Error(reason, { cause }));
        const late = `no answer within the ServiceTimeout of ${timeoutSeconds} seconds`;
        timer = setTimeout(() => fail(late), timeoutSeconds * 1000);
        this.surroundings.invoke(functionArn, event).then(
          () => fail('the function ended without an answer to its ResponseURL'),
          (cause: Error) => fail(`the function failed before it answered: ${cause.message}`, cause),
        );
      });
    } finally {
      clearTimeout(timer);
      this.waiting.set(token, undefined);
    }
  }
}

interface Provider {
  readonly functionArn: string;
  readonly timeoutSeconds: number;
}

function providerOf({ ServiceToken, ServiceTimeout = DEFAULT_SERVICE_TIMEOUT_SECONDS }: Properties): Provider {
  if (typeof ServiceToken !== 'string' || !ServiceToken.startsWith('arn:')) {
    throw new CustomResourceError(`ServiceToken must be the ARN of a function, got ${JSON.stringify(ServiceToken)}`);
  }
  const timeoutSeconds = Number(ServiceTimeout);
  if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1 || timeoutSeconds > 3600) {
    throw new CustomResourceError(`ServiceTimeout must be whole seconds from 1 to 3600, got ${ServiceTimeout}`);
  }
  return { functionArn: ServiceToken, timeoutSeconds };
}

function resourceOf({ PhysicalResourceId, Data }: CustomResourceAnswer): Resource {
  return { physicalId: PhysicalResourceId, attributes: Data };
}

/**
 * If a Create gets no valid answer, CloudFormation sends the Delete of the rollback with a generated physical ID.
 * https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1814
 */
function generatedPhysicalId({ stackName, logicalId }: ResourceRequest): string {
  return `${stackName}-${logicalId}-${randomBytes(6).toString('hex').toUpperCase()}`;
}
