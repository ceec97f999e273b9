import { createHash, createHmac } from 'node:crypto';

export interface SigningScope {
  /** The service's name in signatures, such as `acm-pca`. */
  readonly service: string;
  readonly region: string;
}

export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  /** Without `host`, which is signed as in `url`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * The headers of the request with those of Signature Version 4. All of them, the host, and the body are signed. A library
 * for it would sign with the `Headers` and `crypto.subtle` of the Web, which take longer to load than the function.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * @returns names in lower case, without `host`
 */
export function signedHeaders(
  { method, url, headers = {}, body = '' }: UnsignedRequest,
  { service, region }: SigningScope,
  { accessKeyId, secretAccessKey, sessionToken }: SigningCredentials,
  now = new Date(),
): Readonly<Record<string, string>> {
  const time = now.toISOString().replace(/[:-]|\.\d+/g, '');
  const payloadHash = sha256(body);
  const own = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  const sent: Record<string, string> = {
    ...Object.fromEntries(own),
    'x-amz-date': time,
    ...(service === 's3' && { 'x-amz-content-sha256': payloadHash }),
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };

  const signed = Object.entries({ ...sent, host: url.host }).sort(([one], [other]) => (one < other ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const canonicalRequest = [
    method,
    canonicalPath(url, service),
    canonicalQuery(url),
    ...signed.map(([name, value]) => `${name}:${value.trim().replace(/\s+/g, ' ')}`),
    '',
    names,
    payloadHash,
  ].join('\n');

  const scope = [time.slice(0, 8), region, service, 'aws4_request'];
  const stringToSign = [ALGORITHM, time, scope.join('/'), sha256(canonicalRequest)].join('\n');
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, stringToSign).toString('hex');
  const credential = [accessKeyId, ...scope].join('/');
  const authorization = `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...sent, authorization };
}

/** S3 signs the path encoded once. All other services sign it as sent, encoded once more, without repeated slashes. */
function canonicalPath({ pathname }: URL, service: string): string {
  const segments =
    service === 's3' ? pathname.split('/').map(decodeURIComponent) : pathname.replace(/\/+/g, '/').split('/');
  return segments.map(encode).join('/');
}

function canonicalQuery({ searchParams }: URL): string {
  return [...searchParams]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([name, value], [otherName, otherValue]) =>
      name === otherName ? compare(value, otherValue) : compare(name, otherName),
    )
    .map((parameter) => parameter.join('='))
    .join('&');
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** `encodeURIComponent` leaves five characters that Signature Version 4 encodes. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
