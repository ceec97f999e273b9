import { randomUUID } from 'node:crypto';
import {
  IncompleteResource,
  type Properties,
  type Resource,
  type ResourceRequest,
  type ResourceType,
} from './resource-type';
import { isRecord } from './template';

/** What custom resources need from the rest of the sandbox. */
export interface CustomResourceSurroundings {
  /** Runs a function to its end; rejects when it fails. */
  invoke(functionArn: string, event: CustomResourceEvent): Promise<unknown>;
  /** Where the function puts its answer. */
  responseUrl(token: string): string;
}

/** What a custom resource's function receives. aws-lambda calls the same `CloudFormationCustomResourceEvent`. */
export interface CustomResourceEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly ResourceType: string;
  readonly LogicalResourceId: string;
  /** Absent on Create. */
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Properties;
  /** Only on Update. */
  readonly OldResourceProperties?: Properties;
}

/** The function's answer, or the lack of one, means that the operation failed. */
export class CustomResourceError extends Error {
  override readonly name = 'CustomResourceError';
}

interface Answer {
  readonly Status: string;
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
  readonly Data: Readonly<Record<string, unknown>>;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
const MAX_ANSWER_BYTES = 4096;
const MAX_PHYSICAL_ID_BYTES = 1024;
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
    const answer = await this.ask(type, 'Create', request, {});
    const resource = resourceOf(answer);
    if (answer.Status === 'FAILED') throw new IncompleteResource(reasonOf(answer), resource);
    return resource;
  }

  private async update(
    type: string,
    request: ResourceRequest,
    resource: Resource,
    oldProperties: Properties,
  ): Promise<Resource> {
    if (request.properties['ServiceToken'] !== oldProperties['ServiceToken']) {
      throw new CustomResourceError('the ServiceToken of a custom resource must not change');
    }
    const answer = await this.ask(type, 'Update', request, {
      PhysicalResourceId: resource.physicalId,
      OldResourceProperties: asStrings(oldProperties) as Properties,
    });
    const updated = resourceOf(answer);
    if (answer.Status !== 'FAILED') return updated;
    if (updated.physicalId !== resource.physicalId) throw new IncompleteResource(reasonOf(answer), updated);
    throw new CustomResourceError(reasonOf(answer));
  }

  private async delete(type: string, request: ResourceRequest, resource: Resource): Promise<void> {
    const answer = await this.ask(type, 'Delete', request, { PhysicalResourceId: resource.physicalId });
    if (answer.Status === 'FAILED') throw new CustomResourceError(reasonOf(answer));
  }

  private async ask(
    type: string,
    requestType: CustomResourceEvent['RequestType'],
    { stackId, logicalId, properties }: ResourceRequest,
    specific: Pick<CustomResourceEvent, 'PhysicalResourceId' | 'OldResourceProperties'>,
  ): Promise<Answer> {
    const functionArn = properties['ServiceToken'];
    if (typeof functionArn !== 'string' || !functionArn.startsWith('arn:')) {
      throw new CustomResourceError(`ServiceToken must be the ARN of a function, got ${JSON.stringify(functionArn)}`);
    }
    const seconds = serviceTimeoutSeconds(properties);
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
    return readAnswer(await this.answerTo(token, functionArn, event, seconds), event);
  }

  private async answerTo(
    token: string,
    functionArn: string,
    event: CustomResourceEvent,
    seconds: number,
  ): Promise<Buffer> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        this.awaited.set(token, resolve);
        const fail = (reason: string, cause?: unknown) => reject(new CustomResourceError(reason, { cause }));
        timer = setTimeout(() => fail(`no answer within the ServiceTimeout of ${seconds} seconds`), seconds * 1000);
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

function serviceTimeoutSeconds(properties: Properties): number {
  const seconds = Number(properties['ServiceTimeout'] ?? DEFAULT_SERVICE_TIMEOUT_SECONDS);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 3600) {
    throw new CustomResourceError(
      `ServiceTimeout must be whole seconds from 1 to 3600, got ${properties['ServiceTimeout']}`,
    );
  }
  return seconds;
}

function readAnswer(body: Buffer, event: CustomResourceEvent): Answer {
  if (body.length > MAX_ANSWER_BYTES) {
    throw new CustomResourceError(
      `the function's answer must have at most ${MAX_ANSWER_BYTES} bytes, got ${body.length}`,
    );
  }
  const answer = parseAnswer(body);
  for (const id of ['StackId', 'RequestId', 'LogicalResourceId'] as const) {
    if (answer[id] !== event[id])
      throw new CustomResourceError(`the function's answer must repeat the ${id} of its request`);
  }
  const { Status, Reason, PhysicalResourceId = event.PhysicalResourceId, Data = {} } = answer;
  if (Status !== 'SUCCESS' && Status !== 'FAILED') {
    throw new CustomResourceError(
      `the Status of the function's answer must be SUCCESS or FAILED, got ${JSON.stringify(Status)}`,
    );
  }
  if (Status === 'FAILED' && (typeof Reason !== 'string' || Reason === '')) {
    throw new CustomResourceError("the function's answer is FAILED and must give a Reason");
  }
  if (
    typeof PhysicalResourceId !== 'string' ||
    PhysicalResourceId === '' ||
    Buffer.byteLength(PhysicalResourceId) > MAX_PHYSICAL_ID_BYTES
  ) {
    throw new CustomResourceError(
      `the function's answer must have a PhysicalResourceId of 1 to ${MAX_PHYSICAL_ID_BYTES} bytes`,
    );
  }
  if (!isRecord(Data)) throw new CustomResourceError("the Data of the function's answer must be an object");
  return { Status, PhysicalResourceId, Data, Reason: typeof Reason === 'string' ? Reason : undefined };
}

function parseAnswer(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const answer: unknown = JSON.parse(body.toString('utf8'));
    if (isRecord(answer)) return answer;
  } catch {
    // Falls through: the text may hold anything and is not repeated.
  }
  throw new CustomResourceError("the function's answer must be a JSON object");
}

function resourceOf({ PhysicalResourceId, Data }: Answer): Resource {
  return { physicalId: PhysicalResourceId, attributes: Data };
}

function reasonOf(answer: Answer): string {
  return answer.Reason ?? 'the function gave no reason';
}

/** CloudFormation hands every number and boolean to a custom resource as a string, however deep it stands. */
function asStrings(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asStrings);
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asStrings(item)]));
  return typeof value === 'string' ? value : String(value);
}
