import type { Context } from 'aws-lambda';
import { withinTime } from '../deadline';
import { failureSentence, failureStack } from '../../aws/failure';
import type { Log } from '../log';
import { type Attributes, answerBody, type Outcome } from './answer';
import { DELIVERY_MS, deliver } from './delivery';
import { type CustomResourceRequest, type ResourceProperties, readRequest } from './request';

/** A kind of custom resource: what it is called and how it is made, changed and taken away. */
export interface CustomResource {
  /**
   * The physical id of what the properties describe. A different one on Update makes CloudFormation delete the old one.
   * Throws when the properties name nothing.
   */
  identify(properties: ResourceProperties): string;
  /** Makes the thing, or brings it up to date. May be called again for the same request. */
  apply(request: CustomResourceRequest, signal: AbortSignal): Promise<Attributes>;
  /** Takes away what the properties describe; what is gone already counts as taken away. */
  remove(request: CustomResourceRequest, signal: AbortSignal): Promise<void>;
}

/** What the answer needs of Lambda's context. */
export type Invocation = Pick<Context, 'getRemainingTimeInMillis' | 'logGroupName' | 'logStreamName'>;

/**
 * Runs one request and answers CloudFormation, whatever happens, before Lambda's timeout would strike.
 * Rejects only when nobody can be answered; Lambda then delivers the event again, up to twice.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export async function handleCustomResource(
  resource: CustomResource,
  event: unknown,
  invocation: Invocation,
  log: Log,
): Promise<void> {
  const request = readRequest(event);
  const { requestType, requestId, logicalResourceId } = request;
  log({ event: 'custom-resource-requested', requestType, requestId, logicalResourceId });

  const outcome = await outcomeOf(resource, request, timeForWork(invocation), log);
  const logs = `${invocation.logGroupName}, stream ${invocation.logStreamName}`;
  const body = answerBody(request, outcome, logs);

  const reason = outcome.status === 'FAILED' ? outcome.reason : undefined;
  log({ event: 'custom-resource-answered', status: outcome.status, reason, requestId, logicalResourceId });
  await deliver(request.responseUrl, body);
}

async function outcomeOf(
  resource: CustomResource,
  request: CustomResourceRequest,
  time: number,
  log: Log,
): Promise<Outcome> {
  // What to answer when the properties name nothing. A failed Create is followed by a Delete of the id that it
  // answered with: this one is nobody's, so that Delete does nothing.
  let physicalResourceId = request.physicalResourceId ?? `failed-create:${request.requestId}`;
  try {
    switch (request.requestType) {
      case 'Create':
        physicalResourceId = resource.identify(request.properties);
        return await applied(resource, request, physicalResourceId, time);
      case 'Update':
        return await applied(resource, request, resource.identify(request.properties), time);
      case 'Delete':
        if (isOurs(resource, request)) await withinTime(time, (signal) => resource.remove(request, signal));
        return { status: 'SUCCESS', physicalResourceId, attributes: {} };
      default:
        throw new Error(`RequestType must be Create, Update or Delete, got ${JSON.stringify(request.requestType)}`);
    }
  } catch (error) {
    log({ event: 'custom-resource-failed', requestId: request.requestId, stack: failureStack(error) });
    return { status: 'FAILED', physicalResourceId, reason: failureSentence(error) };
  }
}

async function applied(
  resource: CustomResource,
  request: CustomResourceRequest,
  physicalResourceId: string,
  time: number,
): Promise<Outcome> {
  const attributes = await withinTime(time, (signal) => resource.apply(request, signal));
  return { status: 'SUCCESS', physicalResourceId, attributes };
}

/** Whether the id to delete is that of what the properties describe. What isn't ours is left alone. */
function isOurs(resource: CustomResource, request: CustomResourceRequest): boolean {
  try {
    return resource.identify(request.properties) === request.physicalResourceId;
  } catch {
    return false;
  }
}

/** Milliseconds for the work; the rest of the function's time is for the answer. */
function timeForWork(invocation: Invocation): number {
  const remaining = invocation.getRemainingTimeInMillis();
  return Math.max(remaining - DELIVERY_MS, remaining / 2);
}
