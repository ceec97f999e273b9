import { type AwsAnswer, AwsError } from './api';
import { FUNCTION_URLS_PATH } from './paths';
import type { SignedRequest } from './signature';

/**
 * Refusals before any service is asked, in the protocol that the request speaks: AWS JSON, AWS Query, S3's, or that of
 * function URLs.
 */
export function rejection(error: unknown, { headers, path }: Pick<SignedRequest, 'headers' | 'path'>): AwsAnswer {
  const { code, message, status } =
    error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);
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
  const xml = `<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`;
  const isQuery = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: isQuery ? `<ErrorResponse>${xml}</ErrorResponse>` : xml,
  };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
