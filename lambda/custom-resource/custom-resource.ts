import type { Context } from 'aws-lambda';
import type { Log } from '../../aws/cloudwatch';
import { failureSentence, failureStack } from '../../aws/failure';
import { withDeadline } from '../deadline';
import { type Attributes, answerBody, type CustomResourceResult } from './answer';
import { assertResponseUrlOfS3, otherAccountIn } from './caller';
import { DELIVERY_TIME, deliver } from './delivery';
import { whenPermitted } from './new-permission';
import { type CustomResourceRequest, type ResourceProperties, readRequest } from './request';
import type { StackList } from './stack-list';

/** Identifies, creates, updates, and deletes custom resources of one type. */
export interface CustomResourceHandler {
  /**
   * The physical ID of the resource that the properties describe. If an Update changes the ID, CloudFormation deletes
   * the old resource. Throws if the properties do not identify a resource.
   */
  identify(properties: ResourceProperties): string;
  /** Creates or updates the resource. May run more than once for the same request, and again when it was denied a call. */
  apply(request: CustomResourceRequest, signal: AbortSignal): Promise<Attributes>;
  /** Deletes the resource that the properties describe. Succeeds if it no longer exists. */
  remove(request: CustomResourceRequest, signal: AbortSignal): Promise<void>;
  /**
   * Whether `remove` deletes only what a resource of the same stack and logical ID has created. Then it also serves stacks
   * that are no longer listed.
   */
  readonly removesOnlyItsOwn?: true;
}

export interface CustomResourceOptions {
  readonly invocation: Invocation;
  /** The stacks whose custom resources the function serves. */
  readonly stacks: StackList;
  readonly log: Log;
  /**
   * Records a request before its work begins.
   * @returns as `CustomResourceRequest.recordedAt`
   * @throws Error if it must not run, because it was delivered again after a later one
   */
  readonly begin?: (request: CustomResourceRequest, signal: AbortSignal) => Promise<Date>;
}

/** The part of the Lambda context that the response needs, and that tells which account invoked the function. */
export type Invocation = Pick<
  Context,
  'getRemainingTimeInMillis' | 'invokedFunctionArn' | 'logGroupName' | 'logStreamName'
>;

/**
 * Runs one request and always sends CloudFormation a response before the function's timeout.
 * Rejects only if the response can't be delivered. Lambda then delivers the event again, up to twice.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export async function handleCustomResource(
  resource: CustomResourceHandler,
  event: unknown,
  { invocation, stacks, log, begin }: CustomResourceOptions,
): Promise<void> {
  const request = readRequest(event);
  const { requestType, requestId, logicalResourceId } = request;
  const invokedBy = otherAccountIn(invocation);
  if (invokedBy !== undefined) assertResponseUrlOfS3(request.responseUrl);
  log({ event: 'custom-resource-requested', requestType, requestId, logicalResourceId, invokedBy });

  const time = timeForWork(invocation);
  const result = await run(resource, request, { stacks, invokedBy, log, begin, time });
  const logs = `${invocation.logGroupName}, stream ${invocation.logStreamName}`;
  const body = answerBody(request, result, logs);

  const reason = result.status === 'FAILED' ? result.reason : undefined;
  log({ event: 'custom-resource-answered', status: result.status, reason, requestId, logicalResourceId });
  await deliver(request.responseUrl, body);
}

async function run(
  resource: CustomResourceHandler,
  request: CustomResourceRequest,
  {
    stacks,
    invokedBy,
    log,
    begin,
    time,
  }: Pick<CustomResourceOptions, 'stacks' | 'log' | 'begin'> & {
    readonly invokedBy: string | undefined;
    readonly time: number;
  },
): Promise<CustomResourceResult> {
  // The default is for properties that do not identify a resource. After a failed Create, CloudFormation sends a Delete
  // for the ID in the response. This ID does not belong to a resource, so the Delete does nothing.
  let physicalResourceId = request.physicalResourceId ?? `failed-create:${request.requestId}`;
  const inOrder = <T>(work: (recorded: CustomResourceRequest, signal: AbortSignal) => Promise<T>) =>
    withDeadline(time, (signal) =>
      whenPermitted(async (limited) => {
        const recordedAt = await begin?.(request, limited);
        return work({ ...request, ...(recordedAt && { recordedAt }) }, limited);
      }, signal),
    );
  const apply = async (id: string): Promise<CustomResourceResult> => {
    const attributes = await inOrder((recorded, signal) => resource.apply(recorded, signal));
    return { status: 'SUCCESS', physicalResourceId: id, attributes };
  };
  try {
    stacks.assertInAccount(request.stackId, invokedBy);
    if (request.requestType !== 'Delete' || !resource.removesOnlyItsOwn) stacks.assertListed(request.stackId);
    switch (request.requestType) {
      case 'Create':
        physicalResourceId = resource.identify(request.properties);
        return await apply(physicalResourceId);
      case 'Update':
        return await apply(resource.identify(request.properties));
      case 'Delete':
        if (isOurs(resource, request)) await inOrder((recorded, signal) => resource.remove(recorded, signal));
        return { status: 'SUCCESS', physicalResourceId, attributes: {} };
      default:
        throw new Error(`RequestType must be Create, Update or Delete, got ${JSON.stringify(request.requestType)}`);
    }
  } catch (error) {
    log({ event: 'custom-resource-failed', requestId: request.requestId, stack: failureStack(error) });
    return { status: 'FAILED', physicalResourceId, reason: failureSentence(error) };
  }
}

/** Whether the ID to delete is that of the resource that the properties describe. Nothing else is deleted. */
function isOurs(resource: CustomResourceHandler, request: CustomResourceRequest): boolean {
  try {
    return resource.identify(request.properties) === request.physicalResourceId;
  } catch {
    return false;
  }
}

/** Milliseconds for the work. The rest of the function's time is for the response. */
function timeForWork(invocation: Invocation): number {
  const remaining = invocation.getRemainingTimeInMillis();
  return Math.max(remaining - DELIVERY_TIME, remaining / 2);
}
