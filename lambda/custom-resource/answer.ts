import type { CustomResourceRequest } from './request';

/** Largest answer that CloudFormation reads. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
export const MAX_ANSWER_BYTES = 4096;

/** What became of a request. */
export type Outcome =
  | { readonly status: 'SUCCESS'; readonly physicalResourceId: string; readonly attributes: Attributes }
  | { readonly status: 'FAILED'; readonly physicalResourceId: string; readonly reason: string };

/** What `Fn::GetAtt` may read. Everybody who may describe the stack can read it too. */
export type Attributes = Readonly<Record<string, string>>;

/**
 * The answer's JSON, at most `MAX_ANSWER_BYTES` long: attributes that don't fit turn a success into a failure, and
 * a reason is shortened so that the place of the logs, which follows it, is always told.
 */
export function answerBody(request: CustomResourceRequest, outcome: Outcome, logs: string): string {
  if (outcome.status === 'FAILED') return failureBody(request, outcome.physicalResourceId, outcome.reason, logs);
  const body = JSON.stringify({
    Status: outcome.status,
    ...identifiers(request, outcome.physicalResourceId),
    Data: outcome.attributes,
  });
  const size = Buffer.byteLength(body);
  if (size <= MAX_ANSWER_BYTES) return body;
  const reason = `the answer takes ${size} bytes of the ${MAX_ANSWER_BYTES} that CloudFormation reads, so its attributes must become shorter`;
  return failureBody(request, outcome.physicalResourceId, reason, logs);
}

function failureBody(request: CustomResourceRequest, physicalResourceId: string, reason: string, logs: string): string {
  const bodyWith = (text: string) =>
    JSON.stringify({ Status: 'FAILED', Reason: text, ...identifiers(request, physicalResourceId) });
  const where = ` (logs: ${logs})`;
  const room = MAX_ANSWER_BYTES - Buffer.byteLength(bodyWith(where));
  return bodyWith(shorten(reason, room) + where);
}

/** CloudFormation recognizes an answer by its own identifiers, verbatim. */
function identifiers(request: CustomResourceRequest, physicalResourceId: string) {
  return {
    PhysicalResourceId: physicalResourceId,
    StackId: request.stackId,
    RequestId: request.requestId,
    LogicalResourceId: request.logicalResourceId,
  };
}

/** The longest beginning of `text`, in whole code points, that takes at most `room` bytes of UTF-8 within a JSON string. */
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
