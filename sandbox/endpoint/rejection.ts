import { type AwsAnswer, AwsError } from './api';
import { FUNCTION_URLS_PATH } from './paths';
import { queryError } from './query-protocol';
import { restJsonError } from './rest-json';
import type { SignedRequest } from './signature';
import { writeXml } from './xml';

/** The services that are called by method and path, and answer in XML. All others of that kind answer in JSON. */
const XML_SERVICES = ['s3', 's3express', 's3-outposts', 'cloudfront', 'route53'];

/**
 * Rejections before a service is called, in the protocol of the request: AWS JSON, Smithy RPC v2 CBOR, AWS Query, EC2
 * Query, REST XML, REST JSON, or function URLs. https://smithy.io/2.0/aws/protocols/index.html
 */
export function rejection(
  error: unknown,
  { headers, path, query }: Pick<SignedRequest, 'headers' | 'path' | 'query'>,
): AwsAnswer {
  const refusal = error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);
  const { code, message, status } = refusal;
  const service = signedService(headers.authorization, query);
  if (headers['x-amz-target'] !== undefined) {
    return {
      status,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify({ __type: code, message }),
    };
  }
  if (headers['smithy-protocol'] === 'rpc-v2-cbor') {
    return {
      status,
      headers: { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' },
      body: cborOf({ __type: code, message }),
    };
  }
  if (path.startsWith(FUNCTION_URLS_PATH)) {
    return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ Message: message }) };
  }
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    return service === 'ec2' ? ec2Error(refusal) : queryError(refusal);
  }
  if (service !== undefined && !XML_SERVICES.includes(service)) return restJsonError(refusal);
  const content = { Code: code, Message: message };
  const body =
    service === 'cloudfront' || service === 'route53'
      ? writeXml('ErrorResponse', { Error: content })
      : writeXml('Error', content);
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

/** The service in the scope of the signature, even of an invalid one. */
function signedService(authorization: string | undefined, query: string): string | undefined {
  const scope = new URLSearchParams(query).get('X-Amz-Credential') ?? authorization ?? '';
  return /\/([a-z0-9-]+)\/aws4_request/.exec(scope)?.[1];
}

/** https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-error-codes.html */
function ec2Error({ code, message, status }: AwsError): AwsAnswer {
  const body = writeXml('Response', { Errors: { Error: { Code: code, Message: message } }, RequestID: 'sandbox' });
  return { status, headers: { 'content-type': 'text/xml' }, body };
}

/** A map of texts in CBOR (RFC 8949). */
function cborOf(texts: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(texts);
  return Buffer.concat([head(5, entries.length), ...entries.flat().map(cborText)]);
}

function cborText(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([head(3, bytes.length), bytes]);
}

/** The major type, and a number in the short form or in four bytes. */
function head(majorType: number, number: number): Buffer {
  if (number < 24) return Buffer.from([(majorType << 5) | number]);
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8((majorType << 5) | 26);
  bytes.writeUInt32BE(number, 1);
  return bytes;
}
