import { AwsError } from '../../endpoint/api';

/** An error of S3. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export class S3Error extends AwsError {
  constructor(
    code: string,
    message: string,
    status: number,
    /** Additional elements of the answer. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message, status);
  }
}

/** The sandbox doesn't support the request. S3 uses the same code for what it doesn't implement. */
export function notImplemented(what: string): S3Error {
  return new S3Error('NotImplemented', `the sandbox does not support ${what}`, 501);
}
