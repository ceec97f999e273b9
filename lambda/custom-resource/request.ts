/**
 * What CloudFormation asks of a custom resource.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 */
export interface CustomResourceRequest {
  /** `Create`, `Update` or `Delete`. */
  readonly requestType: string;
  /** A UUID, the same whenever Lambda delivers the same event again. */
  readonly requestId: string;
  readonly stackId: string;
  readonly logicalResourceId: string;
  /** As this function answered it before; absent on Create. */
  readonly physicalResourceId: string | undefined;
  /** Not checked yet. */
  readonly properties: ResourceProperties;
  /** On Update, those that the resource had, or that an update failed to give it; otherwise empty. Not checked yet. */
  readonly oldProperties: ResourceProperties;
  /** Presigned: whoever knows it can answer in our place, so it appears in no log and no error. */
  readonly responseUrl: string;
}

/** A custom resource's properties as they arrive: CloudFormation turns numbers and booleans into strings. */
export type ResourceProperties = Readonly<Record<string, unknown>>;

/** An event that can't even be answered. */
export class CustomResourceEventError extends Error {
  override readonly name = 'CustomResourceEventError';
}

/** Throws `CustomResourceEventError` when the event lacks what an answer needs. */
export function readRequest(event: unknown): CustomResourceRequest {
  const fields = isRecord(event) ? event : {};
  const text = (name: string): string => {
    const value = fields[name];
    if (typeof value === 'string' && value !== '') return value;
    throw new CustomResourceEventError(`the event has no ${name}, so there is nobody to answer`);
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

/** Which resource asks, as the registry notes it: other than the physical id, no two resources have the same. */
export function resourceOf({ stackId, logicalResourceId }: CustomResourceRequest): string {
  return `${stackId} ${logicalResourceId}`;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
