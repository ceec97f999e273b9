import { type Answer, readFunctionAnswer } from '../../shared/function-answer';
import type { FunctionResult } from '../runtime/function-process';

const STREAMED_HTTP_RESPONSE = 'application/vnd.awslambda.http-integration-response';
const SEPARATOR = Buffer.alloc(8);

/**
 * The response of a function URL. The sandbox sends a streamed response when it is complete, in both invoke modes.
 * https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html
 *
 * @throws TypeError or SyntaxError for an invalid response
 */
export function readUrlAnswer({ body, contentType }: FunctionResult): Answer {
  if (contentType === STREAMED_HTTP_RESPONSE) {
    const end = body.indexOf(SEPARATOR);
    const metadata: unknown = JSON.parse(body.subarray(0, end).toString('utf8'));
    const answer = readFunctionAnswer({ statusCode: 200, ...Object(metadata), body: undefined });
    return { ...answer, body: body.subarray(end + SEPARATOR.length) };
  }
  if (contentType === 'application/json') return readFunctionAnswer(JSON.parse(body.toString('utf8')));
  return { status: 200, headers: { 'content-type': contentType }, body };
}
