import type { AwsCall } from '../../../endpoint/api';
import { notImplemented, S3Error } from '../s3-error';
import { PRECONDITIONS } from './precondition';

/** The operation and the object of a request, from its path and query. */
export interface S3Route {
  readonly operation: string;
  readonly bucket: string;
  /** Decoded, but not normalized: dots and slashes are ordinary characters of a key. Empty for a bucket. */
  readonly key: string;
}

interface RouteRule {
  readonly operation: string;
  readonly method: string;
  readonly on: 'account' | 'bucket' | 'object';
  /** The query parameter that selects the operation. */
  readonly selector?: string;
  /** Other supported query parameters. */
  readonly parameters: readonly string[];
  /** Supported headers that can change the meaning of the operation. */
  readonly headers: readonly string[];
}

/** Parameters that replace headers of an answer. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export const RESPONSE_HEADERS = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
];

const LISTING = ['prefix', 'delimiter', 'max-keys', 'encoding-type'];
const READING = ['if-none-match', 'x-amz-checksum-mode'];
const WRITING = ['x-amz-decoded-content-length', 'x-amz-trailer', 'x-amz-sdk-checksum-algorithm'];

const RULES: readonly RouteRule[] = [
  {
    operation: 'ListBuckets',
    method: 'GET',
    on: 'account',
    parameters: ['bucket-region', 'continuation-token', 'max-buckets', 'prefix'],
    headers: [],
  },
  { operation: 'HeadBucket', method: 'HEAD', on: 'bucket', parameters: [], headers: [] },
  {
    operation: 'GetBucketLocation',
    method: 'GET',
    on: 'bucket',
    selector: 'location',
    parameters: [],
    headers: [],
  },
  { operation: 'GetBucketTagging', method: 'GET', on: 'bucket', selector: 'tagging', parameters: [], headers: [] },
  {
    operation: 'GetBucketVersioning',
    method: 'GET',
    on: 'bucket',
    selector: 'versioning',
    parameters: [],
    headers: [],
  },
  {
    operation: 'ListObjectVersions',
    method: 'GET',
    on: 'bucket',
    selector: 'versions',
    parameters: [...LISTING, 'key-marker', 'version-id-marker'],
    headers: [],
  },
  {
    operation: 'ListObjectsV2',
    method: 'GET',
    on: 'bucket',
    selector: 'list-type',
    parameters: [...LISTING, 'start-after', 'continuation-token'],
    headers: [],
  },
  { operation: 'ListObjects', method: 'GET', on: 'bucket', parameters: [...LISTING, 'marker'], headers: [] },
  { operation: 'DeleteObjects', method: 'POST', on: 'bucket', selector: 'delete', parameters: [], headers: WRITING },
  {
    operation: 'PutObject',
    method: 'PUT',
    on: 'object',
    parameters: [],
    headers: [...WRITING, ...PRECONDITIONS, 'x-amz-server-side-encryption', 'x-amz-storage-class'],
  },
  {
    operation: 'GetObject',
    method: 'GET',
    on: 'object',
    parameters: ['versionId', ...RESPONSE_HEADERS],
    headers: READING,
  },
  {
    operation: 'HeadObject',
    method: 'HEAD',
    on: 'object',
    parameters: ['versionId'],
    headers: READING,
  },
  { operation: 'DeleteObject', method: 'DELETE', on: 'object', parameters: ['versionId'], headers: [] },
];

/** The signature in an address. */
const PRESIGNED = /^X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Security-Token)$/;

/** Supported headers of all requests. */
const COMMON_HEADERS = [
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-expected-bucket-owner',
  'x-amz-security-token',
  'x-amz-user-agent',
];

/** @throws S3Error `NotImplemented` for an unsupported operation, parameter, or header */
export function routeOf({ method, path, query, headers }: Omit<AwsCall, 'body' | 'caller' | 'authorize'>): S3Route {
  const [, bucket = '', key = ''] = (/^\/([^/]*)(?:\/(.*))?$/s.exec(path) ?? []).map(decodeKey);
  const on = bucket === '' ? 'account' : key === '' ? 'bucket' : 'object';
  const rule = RULES.find(
    (candidate) =>
      candidate.method === method &&
      candidate.on === on &&
      (candidate.selector === undefined ? !namesSubresource(query, candidate) : query.has(candidate.selector)),
  );
  const name = rule?.operation ?? query.get('x-id') ?? `${method} ${on}?${[...query.keys()].join('&')}`;
  if (rule === undefined) throw notImplemented(`s3:${name}`);
  const understood = [...rule.parameters, rule.selector, 'x-id'];
  const parameter = [...query.keys()].find((each) => !understood.includes(each) && !PRESIGNED.test(each));
  if (parameter !== undefined) throw notImplemented(`the parameter ${parameter} of ${name}`);
  const header = Object.keys(headers).find((each) => isMeaningful(each) && !rule.headers.includes(each));
  if (header !== undefined) throw notImplemented(`the header ${header} of ${name}`);
  if (Buffer.byteLength(key) > 1024) throw new S3Error('KeyTooLongError', 'Your key is too long', 400);
  return { operation: rule.operation, bucket, key };
}

/** Such as `?policy` or `?tagging`, which select an operation of their own. */
function namesSubresource(query: URLSearchParams, { parameters }: RouteRule): boolean {
  return [...query].some(([name, value]) => value === '' && !parameters.includes(name));
}

function isMeaningful(header: string): boolean {
  if (header.startsWith('x-amz-meta-') || /^x-amz-checksum-(?!mode$)/.test(header)) return false;
  return (header.startsWith('x-amz-') && !COMMON_HEADERS.includes(header)) || /^(if-|range$)/.test(header);
}

function decodeKey(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? '');
  } catch (cause) {
    throw new S3Error('InvalidURI', `Couldn't parse the specified URI: ${(cause as Error).message}`, 400);
  }
}
