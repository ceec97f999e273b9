import { AccessDenied, type AwsAnswer, AwsError } from '../../endpoint/api';
import { S3Error } from './s3-error';
import { writeXml, type XmlElements } from './xml';

export function xmlAnswer(root: string, content: XmlElements): AwsAnswer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: writeXml(root, content) };
}

/** An answer to a HEAD has no body, so its code is lost; SDKs go by the status alone. */
export function errorAnswer(error: unknown, isHead: boolean): AwsAnswer {
  const { code, message, status, headers } = asS3Error(error);
  if (isHead) return { status, headers };
  return {
    ...xmlAnswer('Error', { Code: code, Message: message }),
    status,
    headers: { ...headers, 'content-type': 'application/xml' },
  };
}

function asS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (error instanceof AwsError) return new S3Error(error.code, error.message, error.status);
  if (error instanceof AccessDenied) return new S3Error('AccessDenied', error.message, 403);
  return new S3Error('InternalError', error instanceof Error ? error.message : String(error), 500);
}
