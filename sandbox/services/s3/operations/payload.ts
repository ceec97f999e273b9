import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { AwsCall } from '../../../endpoint/api';
import { notImplemented, S3Error } from '../s3-error';

export interface Payload {
  readonly body: Buffer;
  /** The verified checksum by its header name. Empty if the request has none. */
  readonly checksum: Readonly<Record<string, string>>;
}

/** The checksum algorithms that SDKs support without native code. */
const CHECKSUMS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  'x-amz-checksum-crc32': (body) => {
    const value = Buffer.alloc(4);
    value.writeUInt32BE(crc32(body));
    return value;
  },
  'x-amz-checksum-sha1': (body) => createHash('sha1').update(body).digest(),
  'x-amz-checksum-sha256': (body) => createHash('sha256').update(body).digest(),
};

/**
 * The body of the request, decoded from `aws-chunked`, which SDKs use for streams, and verified with all digests in the
 * request. Signatures of single chunks aren't verified.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 * @throws S3Error `BadDigest`, `InvalidDigest`, `IncompleteBody`
 */
export function readPayload({ headers, body: raw }: AwsCall): Payload {
  const isChunked = headers['x-amz-content-sha256']?.startsWith('STREAMING-') ?? false;
  const { body, trailers } = isChunked ? decodeChunks(raw) : { body: raw, trailers: {} };
  const declaredLength = headers['x-amz-decoded-content-length'];
  if (isChunked && declaredLength !== String(body.length)) throw incompleteBody();
  if (!isChunked) checkSignedDigest(body, headers['x-amz-content-sha256']);
  checkMd5(body, headers['content-md5']);
  return { body, checksum: checkedChecksum(body, { ...headers, ...trailers }) };
}

type Headers = Readonly<Record<string, string | undefined>>;

/** `<hex length>[;chunk-signature=…]\r\n<bytes>\r\n` until a chunk of length 0, then trailers as header lines. */
function decodeChunks(raw: Buffer): { body: Buffer; trailers: Headers } {
  const chunks: Buffer[] = [];
  let position = 0;
  while (true) {
    const lineEnd = raw.indexOf('\r\n', position);
    const [, hexLength] = /^([0-9a-fA-F]{1,8})(?:;|$)/.exec(raw.toString('latin1', position, lineEnd)) ?? [];
    if (lineEnd < 0 || hexLength === undefined) throw incompleteBody();
    const start = lineEnd + 2;
    const length = Number.parseInt(hexLength, 16);
    if (length === 0) return { body: Buffer.concat(chunks), trailers: readTrailers(raw.toString('latin1', start)) };
    const end = start + length;
    if (raw.toString('latin1', end, end + 2) !== '\r\n') throw incompleteBody();
    chunks.push(raw.subarray(start, end));
    position = end + 2;
  }
}

function readTrailers(text: string): Headers {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

function checkSignedDigest(body: Buffer, expected: string | undefined): void {
  if (expected === undefined || !/^[0-9a-f]{64}$/.test(expected)) return;
  if (createHash('sha256').update(body).digest('hex') === expected) return;
  const reason = "The provided 'x-amz-content-sha256' header does not match what was computed.";
  throw new S3Error('XAmzContentSHA256Mismatch', reason, 400);
}

function checkMd5(body: Buffer, expected: string | undefined): void {
  if (expected === undefined) return;
  if (Buffer.from(expected, 'base64').length !== 16) {
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.', 400);
  }
  if (createHash('md5').update(body).digest('base64') === expected) return;
  throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.', 400);
}

function checkedChecksum(body: Buffer, headers: Headers): Readonly<Record<string, string>> {
  const checked: Record<string, string> = {};
  for (const [name, expected] of Object.entries(headers)) {
    if (!name.startsWith('x-amz-checksum-') || name === 'x-amz-checksum-mode' || expected === undefined) continue;
    const compute = Object.hasOwn(CHECKSUMS, name) ? CHECKSUMS[name] : undefined;
    if (compute === undefined) throw notImplemented(`the checksum ${name}`);
    if (compute(body).toString('base64') !== expected) {
      const algorithm = name.slice('x-amz-checksum-'.length).toUpperCase();
      const reason = `The ${algorithm} you specified did not match the calculated checksum.`;
      throw new S3Error('BadDigest', reason, 400);
    }
    checked[name] = expected;
  }
  return checked;
}

function incompleteBody(): S3Error {
  const reason = 'You did not provide the number of bytes specified by the Content-Length HTTP header';
  return new S3Error('IncompleteBody', reason, 400);
}
