import { DeniedError } from './denial';

/** A character as it is, or percent-encoded, however often its percent sign was encoded in turn. */
const encoded = (plain: string, hexadecimal: string) => `(?:${plain}|%(?:25)*${hexadecimal})`;

const DOT = encoded('\\.', '2e');
const SLASH_IN_DISGUISE = `(?:\\\\|%(?:25)*(?:2f|5c))`;
/** Servers of Java take what follows a semicolon for parameters, and drop it before they look at the segment. */
const PARAMETERS = `(?:${encoded(';', '3b')}[^/]*)?`;

const AMBIGUOUS = new RegExp(`${SLASH_IN_DISGUISE}|(?:^|/)${DOT}{1,2}${PARAMETERS}(?:/|$)`, 'i');

/**
 * Refuses paths that could mean another service further on: API Gateway chooses the route by the path, and does not say
 * what it does about `..`; a server behind it may resolve it (RFC 3986, section 5.2.4), or take `%2f` or `\` for `/`.
 */
export function refuseAmbiguousPath(path: unknown): void {
  if (typeof path !== 'string') throw new DeniedError('no path');
  if (AMBIGUOUS.test(path)) throw new DeniedError(`path ${JSON.stringify(path)} is ambiguous`);
}
