import { AccessDenied, type AwsAnswer, AwsError } from '../../../endpoint/api';
import { writeXml, type XmlElements } from '../../../endpoint/xml';
import { S3Error } from '../s3-error';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function xmlAnswer(root: string, content: XmlElements): AwsAnswer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: writeXml(root, content, NAMESPACE) };
}

/** An answer to HEAD has no body, so the error code is lost. SDKs use the status only. */
export function errorAnswer(error: unknown, isHead: boolean): AwsAnswer {
  const { code, message, status, headers } = asS3Error(error);
  if (isHead) return { status, headers };
  return {
    status,
    headers: { ...headers, 'content-type': 'application/xml' },
    body: writeXml('Error', { Code: code, Message: message }),
  };
}

function asS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (error instanceof AwsError) return new S3Error(error.code, error.message, error.status);
  if (error instanceof AccessDenied) return new S3Error('AccessDenied', error.message, 403);
  return new S3Error('InternalError', error instanceof Error ? error.message : String(error), 500);
}
