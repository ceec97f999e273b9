import { S3Error } from '../s3-error';

export interface ListingRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxKeys: number;
  /** Whether keys are percent-encoded in the answer. */
  readonly encodesKeys: boolean;
}

export interface Listing<T> {
  readonly entries: readonly T[];
  /** The common prefixes of keys, up to the delimiter. */
  readonly commonPrefixes: readonly string[];
  /** The last entry or common prefix of the page. Absent for the last page. */
  readonly next?: { readonly entry?: T; readonly key: string };
}

/** @throws S3Error `InvalidArgument` */
export function listingRequest(query: URLSearchParams): ListingRequest {
  const maxKeys = query.get('max-keys') ?? '1000';
  if (!/^\d{1,9}$/.test(maxKeys)) throw new S3Error('InvalidArgument', 'max-keys must be a whole number', 400);
  const encoding = query.get('encoding-type');
  if (encoding !== null && encoding !== 'url') {
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request', 400);
  }
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    maxKeys: Math.min(Number(maxKeys), 1000),
    encodesKeys: encoding === 'url',
  };
}

/**
 * A page of `all`, which is sorted and starts after the last page.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html
 * @param after the `next.key` of the last page; a common prefix isn't listed again
 */
export function listPage<T extends { readonly key: string }>(
  all: readonly T[],
  { prefix, delimiter, maxKeys }: ListingRequest,
  after: string,
): Listing<T> {
  const entries: T[] = [];
  const commonPrefixes: string[] = [];
  let last: { entry?: T; key: string } | undefined;
  for (const entry of all) {
    if (!entry.key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : entry.key.indexOf(delimiter, prefix.length);
    const common = end < 0 ? undefined : entry.key.slice(0, end + delimiter.length);
    if (common !== undefined && (common === after || common === commonPrefixes.at(-1))) continue;
    if (entries.length + commonPrefixes.length >= maxKeys)
      return { entries, commonPrefixes, ...(last && { next: last }) };
    if (common === undefined) entries.push(entry);
    else commonPrefixes.push(common);
    last = common === undefined ? { entry, key: entry.key } : { key: common };
  }
  return { entries, commonPrefixes };
}
