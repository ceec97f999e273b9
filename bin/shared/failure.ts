/** What a person is told of an error that ends a command, or that the agent goes on after. */
import { causesOf, failureSentence } from '../../aws/failure';

const PATH = 'check the path';
const WRITABLE = 'this user may not write there: use another directory, or change who owns it';
const DISK = 'free space on the disk, and run the command again';
const ADDRESS = 'check the network, --region, and AWS_ENDPOINT_URL';
const CREDENTIALS = 'sign in again, or check --profile and the AWS_* variables';
const TRUST =
  'Node.js does not trust the authority of this certificate: if it is that of a proxy, set NODE_EXTRA_CA_CERTS to its PEM file';
const PERMISSION = 'the credentials lack this permission, or there is no such resource';
const OTHER_REGION = 'the bucket is in another Region: use --region';

/**
 * What to do, by the code of an error.
 *
 * - Of the system: https://nodejs.org/api/errors.html#common-system-errors
 * - Of TLS: https://nodejs.org/api/tls.html#x509-certificate-error-codes
 * - Of S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * - Of all services: https://docs.aws.amazon.com/awssupport/latest/APIReference/CommonErrors.html
 */
export const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses this port: choose another one, or 0 for a free one',
  EADDRNOTAVAIL: 'this machine does not have this address',
  EACCES: WRITABLE,
  EPERM: WRITABLE,
  EROFS: WRITABLE,
  ENOENT: PATH,
  ENOTDIR: PATH,
  EISDIR: PATH,
  ENOSPC: DISK,
  EDQUOT: DISK,
  EMFILE: 'raise the number of open files, `ulimit -n`',
  ECONNREFUSED: 'nothing listens there: check AWS_ENDPOINT_URL, and whether `mtls-mesh up` still runs',
  ECONNRESET: ADDRESS,
  EAI_AGAIN: ADDRESS,
  EHOSTUNREACH: ADDRESS,
  ENETUNREACH: ADDRESS,
  ENOTFOUND: ADDRESS,
  ETIMEDOUT: ADDRESS,
  TimeoutError: ADDRESS,
  CERT_HAS_EXPIRED: 'the certificate of the server has expired: check the clock of this machine',
  DEPTH_ZERO_SELF_SIGNED_CERT: TRUST,
  SELF_SIGNED_CERT_IN_CHAIN: TRUST,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TRUST,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TRUST,
  NoSuchBucket: 'check the s3:// URL and the account',
  NoSuchKey: 'check the s3:// URL: the mesh publishes the object when it is deployed',
  PermanentRedirect: OTHER_REGION,
  AuthorizationHeaderMalformed: OTHER_REGION,
  AccessDenied: PERMISSION,
  AccessDeniedException: PERMISSION,
  ExpiredToken: CREDENTIALS,
  ExpiredTokenException: CREDENTIALS,
  InvalidAccessKeyId: CREDENTIALS,
  InvalidClientTokenId: CREDENTIALS,
  InvalidSignatureException: CREDENTIALS,
  SignatureDoesNotMatch: CREDENTIALS,
  UnrecognizedClientException: CREDENTIALS,
  RequestTimeTooSkewed: 'set the clock of this machine',
};

/** A port below 1024. */
const PRIVILEGED_PORT = 'this user may not open this port: choose one from 1024 on';

/** The error with its causes, and what to do about it if that is known. One line. */
export function commandFailure(error: unknown): string {
  const sentence = failureSentence(error);
  // It says what to do itself. Not `instanceof`: each bundle of the command has a class of its own.
  const remedy = error instanceof Error && error.name === 'OperatorError' ? undefined : remedyFor(error);
  return remedy === undefined ? sentence : `${sentence.replace(/[.\s]+$/, '')}: ${remedy}`;
}

function remedyFor(error: unknown): string | undefined {
  for (const one of causesOf(error)) {
    if (!(one instanceof Error)) continue;
    const { code, syscall, name }: NodeJS.ErrnoException = one;
    if (syscall === 'listen' && code === 'EACCES') return PRIVILEGED_PORT;
    const found = [code, name].find((key) => key !== undefined && Object.hasOwn(REMEDIES, key));
    if (found !== undefined) return REMEDIES[found];
  }
  return undefined;
}

/**
 * Ends the process in order when the reader of its output has gone, as in `mtls-mesh list | head -1`. Without it, Node.js
 * prints the stack trace of EPIPE.
 */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (process.listenerCount('SIGTERM') === 0) process.exit();
      process.emit('SIGTERM');
    });
  }
}
