import { S3Error } from '../s3-error';

export interface ListingRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxKeys: number;
  /** Keys are percent-encoded in the answer. */
  readonly encodesKeys: boolean;
}

export interface Listing<T> {
  readonly entries: readonly T[];
  /** What keys that go on after a delimiter have in common up to it. */
  readonly commonPrefixes: readonly string[];
  /** Where the next page starts after: an entry or a common prefix. Absent when this page is the last. */
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
 * One page of `all`, which is in order and starts behind what the last page showed.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html
 * @param after the last page's `next.key`; a common prefix that was shown is not shown again
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
