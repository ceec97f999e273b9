/**
 * A request from CloudFormation to a custom resource.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 */
export interface CustomResourceRequest {
  /** `Create`, `Update` or `Delete`. */
  readonly requestType: string;
  /** A UUID. It is the same in every delivery of an event. */
  readonly requestId: string;
  /**
   * The same in every delivery of the event, and later than that of every request before for the same resource. Undefined in a
   * function that doesn't record requests.
   */
  readonly recordedAt?: Date;
  readonly stackId: string;
  readonly logicalResourceId: string;
  /** From the previous response. Undefined on Create. */
  readonly physicalResourceId: string | undefined;
  /** Not validated yet. */
  readonly properties: ResourceProperties;
  /** On Update, the previous properties, or those of a failed update. Otherwise empty. Not validated yet. */
  readonly oldProperties: ResourceProperties;
  /** Presigned. Anyone who has it can respond to the request, so it does not appear in logs or errors. */
  readonly responseUrl: string;
}

/** The properties as they arrive. CloudFormation converts numbers and booleans to strings. */
export type ResourceProperties = Readonly<Record<string, unknown>>;

/** The event lacks a value that the response needs. */
export class CustomResourceEventError extends Error {
  override readonly name = 'CustomResourceEventError';
}

/** @throws CustomResourceEventError if the event lacks a value that the response needs */
export function readRequest(event: unknown): CustomResourceRequest {
  const fields = isRecord(event) ? event : {};
  const text = (name: string): string => {
    const value = fields[name];
    if (typeof value === 'string' && value !== '') return value;
    throw new CustomResourceEventError(`the event has no ${name}, so a response can't be sent`);
  };
  const responseUrl = text('ResponseURL');
  if (!URL.canParse(responseUrl) || !/^https?:$/.test(new URL(responseUrl).protocol)) {
    throw new CustomResourceEventError('the ResponseURL of the event is not an http or https URL');
  }
  const physicalResourceId = fields['PhysicalResourceId'];
  const properties = fields['ResourceProperties'];
  const oldProperties = fields['OldResourceProperties'];
  return {
    requestType: text('RequestType'),
    requestId: text('RequestId'),
    stackId: text('StackId'),
    logicalResourceId: text('LogicalResourceId'),
    physicalResourceId: typeof physicalResourceId === 'string' ? physicalResourceId : undefined,
    properties: isRecord(properties) ? properties : {},
    oldProperties: isRecord(oldProperties) ? oldProperties : {},
    responseUrl,
  };
}

/** The ID of the requested resource in the registry. Unlike the physical ID, it is unique. */
export function resourceOf({ stackId, logicalResourceId }: CustomResourceRequest): string {
  return `${stackId} ${logicalResourceId}`;
}

/** @throws Error in a function that doesn't record requests */
export function recordedTime({ recordedAt, requestId }: CustomResourceRequest): Date {
  if (recordedAt !== undefined) return recordedAt;
  throw new Error(`the request ${requestId} was not recorded`);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
