import { AwsError } from '../../endpoint/api';

/** An error as S3 documents it. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export class S3Error extends AwsError {
  constructor(
    code: string,
    message: string,
    status: number,
    /** Go into the answer beside those that every error has. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message, status);
  }
}

/** What a request asks that the sandbox does not emulate. S3 has the same code for what it does not implement itself. */
export function notImplemented(what: string): S3Error {
  return new S3Error('NotImplemented', `the sandbox does not know ${what}`, 501);
}
