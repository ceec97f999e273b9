import type { CustomResourceRequest } from './request';

/** The largest response that CloudFormation accepts. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
export const MAX_ANSWER_BYTES = 4096;

/** The result of a request. */
export type CustomResourceResult =
  | { readonly status: 'SUCCESS'; readonly physicalResourceId: string; readonly attributes: Attributes }
  | { readonly status: 'FAILED'; readonly physicalResourceId: string; readonly reason: string };

/** The attributes that `Fn::GetAtt` returns. Every principal that may describe the stack can read them. */
export type Attributes = Readonly<Record<string, string>>;

/**
 * The JSON of the response, at most `MAX_ANSWER_BYTES` long. If the attributes of a success don't fit, the response
 * reports a failure. A long reason is shortened, and the location of the logs always follows it.
 */
export function answerBody(request: CustomResourceRequest, result: CustomResourceResult, logs: string): string {
  if (result.status === 'FAILED') return failureBody(request, result.physicalResourceId, result.reason, logs);
  const body = JSON.stringify({
    Status: result.status,
    ...identifiers(request, result.physicalResourceId),
    Data: result.attributes,
  });
  const size = Buffer.byteLength(body);
  if (size <= MAX_ANSWER_BYTES) return body;
  const reason = `the response has ${size} bytes, and CloudFormation accepts ${MAX_ANSWER_BYTES}: shorten its attributes`;
  return failureBody(request, result.physicalResourceId, reason, logs);
}

function failureBody(request: CustomResourceRequest, physicalResourceId: string, reason: string, logs: string): string {
  const bodyWith = (text: string) =>
    JSON.stringify({ Status: 'FAILED', Reason: text, ...identifiers(request, physicalResourceId) });
  const where = ` (logs: ${logs})`;
  const room = MAX_ANSWER_BYTES - Buffer.byteLength(bodyWith(where));
  return bodyWith(shorten(reason, room) + where);
}

/** CloudFormation matches a response to its request by these identifiers. */
function identifiers(request: CustomResourceRequest, physicalResourceId: string) {
  return {
    PhysicalResourceId: physicalResourceId,
    StackId: request.stackId,
    RequestId: request.requestId,
    LogicalResourceId: request.logicalResourceId,
  };
}

/** The longest prefix of `text`, in whole code points, that takes at most `room` bytes of UTF-8 in a JSON string. */
export function shorten(text: string, room: number): string {
  if (jsonBytes(text) <= room) return text;
  const ellipsis = '…';
  let left = room - jsonBytes(ellipsis);
  let kept = '';
  for (const character of text) {
    left -= jsonBytes(character);
    if (left < 0) break;
    kept += character;
  }
  return room < jsonBytes(ellipsis) ? '' : kept + ellipsis;
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - '""'.length;
}
