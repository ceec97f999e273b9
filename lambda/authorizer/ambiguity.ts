import { IDENTITY_HEADERS } from '../../mesh/contract';
import { DenialError } from './denial';

/** Matches a character as it is or percent-encoded, even if its percent sign is encoded any number of times. */
const encoded = (plain: string, hexadecimal: string) => `(?:${plain}|%(?:25)*${hexadecimal})`;

const DOT = encoded('\\.', '2e');
const ENCODED_SLASH = `(?:\\\\|%(?:25)*(?:2f|5c))`;
/** Java servers treat the text after a semicolon as parameters and remove it before they resolve the segment. */
const PARAMETERS = `(?:${encoded(';', '3b')}[^/]*)?`;

const AMBIGUOUS = new RegExp(`${ENCODED_SLASH}|(?:^|/)${DOT}{1,2}${PARAMETERS}(?:/|$)`, 'i');

/**
 * Denies paths that may lead to another service behind the gateway. API Gateway selects the route by the path and does
 * not document how it treats `..`. A server behind it may resolve it (RFC 3986, section 5.2.4), or treat `%2f` or `\`
 * as a slash.
 */
export function denyAmbiguousPath(path: unknown): void {
  if (typeof path !== 'string') throw new DenialError('AMBIGUOUS_REQUEST', 'the request has no path');
  if (AMBIGUOUS.test(path)) {
    throw new DenialError('AMBIGUOUS_REQUEST', `the path ${JSON.stringify(path)} is ambiguous`);
  }
}

const IDENTITY_HEADER_NAMES: ReadonlySet<string> = new Set(Object.values(IDENTITY_HEADERS));

/**
 * Denies headers that a service may mistake for identity headers. The gateway overwrites identity headers by their
 * exact names, but servers that turn headers into variables can't distinguish `x_mesh_client_name` from
 * `x-mesh-client-name` (RFC 3875, section 4.1.18), and some fold other punctuation in the same way.
 */
export function denyFoldedIdentityHeaders(headers: Readonly<Record<string, unknown>> | undefined): void {
  for (const header of Object.keys(headers ?? {})) {
    const name = header.toLowerCase();
    const folded = name.replace(/[^a-z0-9]/g, '-');
    if (folded !== name && IDENTITY_HEADER_NAMES.has(folded)) {
      throw new DenialError('AMBIGUOUS_REQUEST', `a service may mistake the header ${header} for ${folded}`);
    }
  }
}
