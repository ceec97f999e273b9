import { AwsError } from '../../endpoint/api';

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly nextToken?: string;
}

/**
 * The page that starts at `token`. Tokens are opaque to callers.
 * @throws AwsError `InvalidNextTokenException` for a token that didn't come from a page
 */
export function page<T>(all: readonly T[], size: number, token?: string): Page<T> {
  const start = token === undefined ? 0 : startOf(token);
  const end = start + size;
  const items = all.slice(start, end);
  return end < all.length ? { items, nextToken: Buffer.from(`page:${end}`).toString('base64url') } : { items };
}

function startOf(token: string): number {
  const [, start] = /^page:(\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (start === undefined) throw new AwsError('InvalidNextTokenException', 'the token in NextToken is not valid');
  return Number(start);
}
