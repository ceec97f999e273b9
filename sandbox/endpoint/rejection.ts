import { type AwsAnswer, AwsError } from './api';
import { queryError } from './query-protocol';
import { restJsonError } from './rest-json';
import type { SignedRequest } from './signature';
import { writeXml } from './xml';

/** Refusals before any service is asked, in the protocol that the request speaks: one of AWS's JSON or Query, or S3's. */
export function rejection(error: unknown, { headers }: Pick<SignedRequest, 'headers'>): AwsAnswer {
  const refusal = error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);
  const { code, message, status } = refusal;
  if (headers['x-amz-target'] !== undefined) {
    return {
      status,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify({ __type: code, message }),
    };
  }
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return queryError(refusal);
  // Of those that are called by method and path, only the signature tells which is meant.
  if (headers.authorization?.includes('/apigateway/aws4_request')) return restJsonError(refusal);
  const body = writeXml('Error', { Code: code, Message: message });
  return { status, headers: { 'content-type': 'application/xml' }, body };
}
