import { randomBytes, randomUUID } from 'node:crypto';
import {
  asStrings,
  type CustomResourceAnswer,
  CustomResourceError,
  type CustomResourceEvent,
  readAnswer,
} from './custom-resource-messages';
import {
  IncompleteResource,
  type Properties,
  type Resource,
  type ResourceRequest,
  type ResourceType,
} from './resource-type';

/** What custom resources need from the rest of the sandbox. */
export interface CustomResourceSurroundings {
  /** Runs a function to its end; rejects when it fails. */
  invoke(functionArn: string, event: CustomResourceEvent): Promise<unknown>;
  /** Where the function puts its answer. */
  responseUrl(token: string): string;
}

const DEFAULT_SERVICE_TIMEOUT_SECONDS = 3600;

/**
 * Custom resources that Lambda functions provide.
 *
 * Requests and answers are CloudFormation's:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html. `ServiceToken` and `ServiceTimeout`
 * reach the function among its properties, as they do on AWS (for the latter see
 * https://github.com/aws/aws-cdk/pull/30911, where it was seen in a function's log).
 *
 * One thing differs on purpose: on AWS, a function that fails or ends without an answer leaves the stack waiting until
 * `ServiceTimeout`, by default for an hour. Here the resource fails as soon as the function has ended.
 */
export class CustomResources {
  private readonly awaited = new Map<string, (body: Buffer) => void>();

  constructor(private readonly surroundings: CustomResourceSurroundings) {}

  /** The type of a custom resource, or undefined when the name is not one of a custom resource. */
  resourceType(name: string): ResourceType | undefined {
    if (!name.startsWith('Custom::') && name !== 'AWS::CloudFormation::CustomResource') return undefined;
    return {
      properties: { ServiceToken: 'mutable', ServiceTimeout: 'mutable' },
      otherProperties: 'mutable',
      create: (request) => this.create(name, request),
      update: (request, resource, oldProperties) => this.update(name, request, resource, oldProperties),
      delete: (request, resource) => this.delete(name, request, resource),
    };
  }

  /**
   * Takes what a function put to its response URL. A second answer, and one that nobody waits for, is dropped.
   * Returns whether somebody waited.
   */
  receive(token: string, body: Buffer): boolean {
    const receive = this.awaited.get(token);
    receive?.(body);
    return receive !== undefined;
  }

  private async create(type: string, request: ResourceRequest): Promise<Resource> {
    const provider = providerOf(request.properties);
    try {
      const answer = await this.ask(provider, type, 'Create', request, {});
      if (answer.Status === 'FAILED') throw new IncompleteResource(answer.Reason, resourceOf(answer));
      return resourceOf(answer);
    } catch (error) {
      if (!(error instanceof CustomResourceError)) throw error;
      throw new IncompleteResource(error.message, { physicalId: generatedPhysicalId(request), attributes: {} }, error);
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
    const answer = await this.ask(provider, type, 'Update', request, {
      PhysicalResourceId: resource.physicalId,
      OldResourceProperties: asStrings(oldProperties) as Properties,
    });
    const updated = resourceOf(answer);
    if (answer.Status === 'SUCCESS') return updated;
    if (updated.physicalId !== resource.physicalId) throw new IncompleteResource(answer.Reason, updated);
    throw new CustomResourceError(answer.Reason);
  }

  private async delete(type: string, request: ResourceRequest, resource: Resource): Promise<void> {
    const provider = providerOf(request.properties);
    const answer = await this.ask(provider, type, 'Delete', request, { PhysicalResourceId: resource.physicalId });
    if (answer.Status === 'FAILED') throw new CustomResourceError(answer.Reason);
  }

  private async ask(
    provider: Provider,
    type: string,
    requestType: CustomResourceEvent['RequestType'],
    { stackId, logicalId, properties }: ResourceRequest,
    specific: Pick<CustomResourceEvent, 'PhysicalResourceId' | 'OldResourceProperties'>,
  ): Promise<CustomResourceAnswer> {
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
    return readAnswer(await this.answerTo(token, provider, event), event);
  }

  private async answerTo(
    token: string,
    { functionArn, timeoutSeconds }: Provider,
    event: CustomResourceEvent,
  ): Promise<Buffer> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        this.awaited.set(token, resolve);
        const fail = (reason: string, cause?: unknown) => reject(new CustomResourceError(reason, { cause }));
        const late = `no answer within the ServiceTimeout of ${timeoutSeconds} seconds`;
        timer = setTimeout(() => fail(late), timeoutSeconds * 1000);
        this.surroundings.invoke(functionArn, event).then(
          () => fail('the function ended without an answer to its ResponseURL'),
          (cause: Error) => fail(`the function failed before it answered: ${cause.message}`, cause),
        );
      });
    } finally {
      clearTimeout(timer);
      this.awaited.delete(token);
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
 * Where a Create got no usable answer, CloudFormation sends the Delete of its rollback under an id that it makes up.
 * https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1814
 */
function generatedPhysicalId({ stackName, logicalId }: ResourceRequest): string {
  return `${stackName}-${logicalId}-${randomBytes(6).toString('hex').toUpperCase()}`;
}
