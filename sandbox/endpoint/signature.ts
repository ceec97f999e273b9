import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AwsError } from './api';

/** An HTTP request as received, without decoding. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** A signature (AWS Signature Version 4) from the `Authorization` header or a presigned URL. */
export interface Signature {
  readonly accessKeyId: string;
  /** `<date>/<region>/<service>/aws4_request` */
  readonly scope: string;
  readonly service: string;
  /** The names of the signed headers: lower-case, sorted, and separated by semicolons. */
  readonly signedHeaders: string;
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly signedAt: string;
  /** Only in a presigned URL. */
  readonly lifetimeSeconds?: number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** @throws AwsError if the request has no signature of this form */
export function readSignature({ headers, query }: SignedRequest): Signature {
  const parameters = new URLSearchParams(query);
  if (parameters.has('AWSAccessKeyId')) {
    // The answer of S3 for all buckets since 2020. The AWS CLI 1 and boto3 sign addresses so by default.
    const hint = 'set s3.signature_version = s3v4 in the configuration of the client';
    const reason = 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256';
    throw new AwsError('InvalidRequest', `${reason} (${hint})`);
  }
  const signature = parameters.has('X-Amz-Signature')
    ? signatureOfQuery(parameters)
    : signatureOfHeader(headers.authorization, headers['x-amz-date']);
  if (signature === undefined) {
    throw new AwsError(
      'MissingAuthenticationTokenException',
      'the request is not signed with Signature Version 4',
      403,
    );
  }
  return signature;
}

function signatureOfHeader(authorization = '', signedAt = ''): Signature | undefined {
  const form = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
  const [, accessKeyId, scope, signedHeaders, signature] = form.exec(authorization) ?? [];
  if (!accessKeyId || !scope || !signedHeaders || !signature) return undefined;
  return { accessKeyId, scope, service: serviceOf(scope), signedHeaders, signature, signedAt };
}

function signatureOfQuery(parameters: URLSearchParams): Signature | undefined {
  const [accessKeyId, ...scope] = (parameters.get('X-Amz-Credential') ?? '').split('/');
  if (!accessKeyId || parameters.get('X-Amz-Algorithm') !== ALGORITHM) return undefined;
  return {
    accessKeyId,
    scope: scope.join('/'),
    service: serviceOf(scope.join('/')),
    signedHeaders: parameters.get('X-Amz-SignedHeaders') ?? '',
    signature: parameters.get('X-Amz-Signature') ?? '',
    signedAt: parameters.get('X-Amz-Date') ?? '',
    lifetimeSeconds: Number(parameters.get('X-Amz-Expires')),
  };
}

function serviceOf(scope: string): string {
  return scope.split('/')[2] ?? '';
}

/**
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * Doesn't prevent replays within minutes, because the sandbox is on loopback.
 * @throws AwsError unless the signer knows the secret access key and the body is unchanged
 */
export function verifySignature(
  request: SignedRequest,
  signature: Signature,
  secretAccessKey: string,
  now: Date,
): void {
  const stringToSign = [ALGORITHM, signature.signedAt, signature.scope, sha256(canonicalRequest(request, signature))];
  const key = signature.scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const expected = hmac(key, stringToSign.join('\n'));
  const given = Buffer.from(signature.signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new AwsError(
      'SignatureDoesNotMatch',
      'the signature does not match the request and the secret access key',
      403,
    );
  }
  if (signature.lifetimeSeconds !== undefined && expiryOf(signature, signature.lifetimeSeconds) < now.getTime()) {
    throw new AwsError('AccessDenied', 'the presigned URL has expired', 403);
  }
}

function canonicalRequest(request: SignedRequest, { service, signedHeaders, lifetimeSeconds }: Signature): string {
  const { method, path, headers } = request;
  return [
    method,
    // Only S3 signs the path as sent. All other services sign it encoded once more.
    service === 's3' ? path : path.split('/').map(encode).join('/'),
    canonicalQuery(request.query),
    ...signedHeaders.split(';').map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}`),
    '',
    signedHeaders,
    lifetimeSeconds === undefined ? payloadHash(request) : 'UNSIGNED-PAYLOAD',
  ].join('\n');
}

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

/** The payload hash in the header, which must match the body unless the payload isn't signed. */
function payloadHash({ headers, body }: SignedRequest): string {
  const declared = headers['x-amz-content-sha256'];
  if (declared === 'UNSIGNED-PAYLOAD' || declared === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return declared;
  const actual = sha256(body);
  if (declared !== undefined && declared !== actual) {
    throw new AwsError('XAmzContentSHA256Mismatch', 'the body is not the one whose hash x-amz-content-sha256 gives');
  }
  return actual;
}

function expiryOf({ signedAt }: Signature, lifetimeSeconds: number): number {
  const iso = signedAt.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const expiry = Date.parse(iso) + lifetimeSeconds * 1000;
  return Number.isNaN(expiry) ? 0 : expiry;
}

/** RFC 3986: letters, digits, and `-._~` stay unencoded. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
