import { type AwsAnswer, AwsError } from './api';
import { FUNCTION_URLS_PATH } from './paths';
import { queryError } from './query-protocol';
import { restJsonError } from './rest-json';
import type { SignedRequest } from './signature';
import { writeXml } from './xml';

/** Rejections before a service is called, in the protocol of the request: AWS JSON, AWS Query, S3, or function URLs. */
export function rejection(error: unknown, { headers, path }: Pick<SignedRequest, 'headers' | 'path'>): AwsAnswer {
  const refusal = error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);
  const { code, message, status } = refusal;
  if (headers['x-amz-target'] !== undefined) {
    return {
      status,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify({ __type: code, message }),
    };
  }
  if (path.startsWith(FUNCTION_URLS_PATH)) {
    return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ Message: message }) };
  }
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return queryError(refusal);
  // For services that are called by method and path, only the signature names the service.
  if (headers.authorization?.includes('/apigateway/aws4_request')) return restJsonError(refusal);
  const body = writeXml('Error', { Code: code, Message: message });
  return { status, headers: { 'content-type': 'application/xml' }, body };
}
