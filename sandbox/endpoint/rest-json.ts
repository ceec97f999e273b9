import { randomUUID } from 'node:crypto';
import { AccessDenied, type AwsAnswer, AwsError } from './api';

/** An answer in REST JSON. https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html */
export function restJsonAnswer(document: object): AwsAnswer {
  return answer(200, {}, document);
}

/** An error in REST JSON: its name in a header, its message in the body. */
export function restJsonError(error: unknown): AwsAnswer {
  const { code, message, status } = asAwsError(error);
  return answer(status, { 'x-amzn-errortype': code }, { message });
}

function answer(status: number, headers: Readonly<Record<string, string>>, document: object): AwsAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID(), ...headers },
    body: JSON.stringify(document),
  };
}

function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof AccessDenied) return new AwsError('AccessDeniedException', error.message, 403);
  return new AwsError('InternalFailure', error instanceof Error ? error.message : String(error), 500);
}
