import type { Properties } from './resource-type';
import { isRecord } from './template';

/** The event of a custom resource's function, called `CloudFormationCustomResourceEvent` in aws-lambda. */
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

/** The answer at the `ResponseURL` isn't valid. */
class InvalidAnswer extends Error {
  override readonly name = 'InvalidAnswer';
}

/** The answer of the function at its `ResponseURL`. */
export interface CustomResourceAnswer {
  readonly Status: 'SUCCESS' | 'FAILED';
  /** Empty unless the operation failed. */
  readonly Reason: string;
  readonly PhysicalResourceId: string;
  readonly Data: Readonly<Record<string, unknown>>;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
const MAX_ANSWER_BYTES = 4096;
const MAX_PHYSICAL_ID_BYTES = 1024;

/** @throws InvalidAnswer */
export function readAnswer(body: Buffer, event: CustomResourceEvent): CustomResourceAnswer {
  if (body.length > MAX_ANSWER_BYTES) {
    throw new InvalidAnswer(`the function's answer must have at most ${MAX_ANSWER_BYTES} bytes, got ${body.length}`);
  }
  const answer = parseAnswer(body);
  for (const id of ['StackId', 'RequestId', 'LogicalResourceId'] as const) {
    if (answer[id] !== event[id]) throw new InvalidAnswer(`the function's answer must repeat the ${id} of its request`);
  }
  const { Status, Reason = '', PhysicalResourceId = event.PhysicalResourceId, Data = {} } = answer;
  if (Status !== 'SUCCESS' && Status !== 'FAILED') {
    throw new InvalidAnswer(
      `the Status of the function's answer must be SUCCESS or FAILED, got ${JSON.stringify(Status)}`,
    );
  }
  if (typeof Reason !== 'string' || (Status === 'FAILED' && Reason === '')) {
    throw new InvalidAnswer("the function's answer is FAILED and must give a Reason");
  }
  if (
    typeof PhysicalResourceId !== 'string' ||
    PhysicalResourceId === '' ||
    Buffer.byteLength(PhysicalResourceId) > MAX_PHYSICAL_ID_BYTES
  ) {
    throw new InvalidAnswer(
      `the function's answer must have a PhysicalResourceId of 1 to ${MAX_PHYSICAL_ID_BYTES} bytes`,
    );
  }
  if (!isRecord(Data)) throw new InvalidAnswer("the Data of the function's answer must be an object");
  return { Status, Reason, PhysicalResourceId, Data };
}

function parseAnswer(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const answer: unknown = JSON.parse(body.toString('utf8'));
    if (isRecord(answer)) return answer;
  } catch {
    // Falls through. The message doesn't quote the text, which may contain anything.
  }
  throw new InvalidAnswer("the function's answer must be a JSON object");
}

/** CloudFormation passes all numbers and booleans to a custom resource as strings, at every depth. */
export function asStrings(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asStrings);
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asStrings(item)]));
  return typeof value === 'string' ? value : String(value);
}
