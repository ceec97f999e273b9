import { IDENTITY_HEADERS } from '../../mesh/contract';
import { DenialError } from './denial';

/** A server answers them with the request as it received it (RFC 9110, section 9.3.8). `TRACK` is Microsoft's. */
const ECHOED_METHODS = ['TRACE', 'TRACK'];

/** Denies methods that return what the gateway adds to a request, such as the secret that it sends to an HTTP backend. */
export function denyEchoedMethods(method: unknown): void {
  if (typeof method !== 'string') throw new DenialError('AMBIGUOUS_REQUEST', 'the request has no method');
  if (!ECHOED_METHODS.includes(method.toUpperCase())) return;
  throw new DenialError('METHOD_NOT_ALLOWED', `the method ${method} returns headers that only the service may see`);
}

/** The parts of an event that say which path the request is for, as API Gateway sends them or anything else. */
export interface RequestPaths {
  readonly rawPath?: unknown;
  readonly requestContext?: { readonly http?: { readonly path?: unknown } | undefined } | null;
  readonly pathParameters?: unknown;
}

/**
 * Denies paths that may lead to another service behind the gateway: API Gateway selects the route, and the server behind
 * it may read the same path differently. API Gateway decodes the path twice before the authorizer and the service get it,
 * and cuts it only at a `?` from the first decoding:
 * https://github.com/hotsock/voker/blob/a1c00bf491e026f81917cc2edfdaca03eabc7518/vokerhttp/testdata/ingress-paths.json
 */
export function denyAmbiguousPaths({ rawPath, requestContext, pathParameters }: RequestPaths): void {
  denyAmbiguousPath('path', rawPath);
  denyAmbiguousPath('path', requestContext?.http?.path);
  for (const [name, value] of Object.entries(pathParameters ?? {})) {
    denyAmbiguousPath(`path parameter ${JSON.stringify(name)}`, value);
  }
}

function denyAmbiguousPath(what: string, path: unknown): void {
  if (typeof path !== 'string') throw new DenialError('AMBIGUOUS_REQUEST', `the request has no ${what}`);
  const problem = PLAIN.test(path) ? undefined : pathProblem(path);
  if (problem !== undefined) {
    throw new DenialError('AMBIGUOUS_REQUEST', `the ${what} ${JSON.stringify(path)} is ambiguous: it ${problem}`);
  }
}

/** Most paths. Every server reads them alike. */
const PLAIN = /^[\w/~-]*$/;

/** A path that is encoded more often has no honest reason. Bounds the work for a hostile one. */
const MOST_ENCODINGS = 8;

/**
 * Control characters, half characters, and the replacement of octets that are not UTF-8, which a server may see; `?` and
 * `#`, at which a server may end the path; and `\`, which a server may treat as a slash.
 */
const FORBIDDEN = /[\p{Cc}\p{Cs}\uFFFD?#\\]/u;

/** The problem with a decoded path for servers that decode it again any number of times, or fold its characters. */
function pathProblem(path: string): string | undefined {
  let [text, folded] = [path, fold(path)];
  for (let encodings = 0; encodings <= MOST_ENCODINGS; encodings++) {
    if (FORBIDDEN.test(text)) return 'contains a character that servers treat differently';
    if ([...dividedAtSlashes(text), ...dividedAtSlashes(folded)].some(isDotSegment)) return 'contains a dot segment';
    const [next, nextFolded] = [decode(text), fold(decode(folded))];
    if (next === text && nextFolded === folded) return undefined;
    if (next.split('/').length > text.split('/').length) return 'contains an encoded slash';
    [text, folded] = [next, nextFolded];
  }
  return `is percent-encoded more than ${MOST_ENCODINGS} times`;
}

/**
 * Replaces the escapes that are there, as lenient servers do. Octets that are not UTF-8 become U+FFFD. Windows servers also
 * replace `%u002e` (`PercentUAllowed`, on by default):
 * https://learn.microsoft.com/en-us/troubleshoot/developer/webapps/iis/iisadmin-service-inetinfo/httpsys-registry-windows
 */
function decode(text: string): string {
  const unescaped = text.replace(/%u([0-9a-f]{4})/gi, (_, unit: string) =>
    String.fromCharCode(Number.parseInt(unit, 16)),
  );
  return unescaped.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString(),
  );
}

/** Servers that store names in another character set replace characters such as U+FF0E with the nearest, here a dot. */
function fold(text: string): string {
  return text.normalize('NFKC');
}

/**
 * Also at U+2044, U+2215, and U+2216, and at U+00A5 (yen) and U+20A9 (won) in code pages 932 and 949, which Windows replaces
 * with a slash or a backslash but NFKC keeps: https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WindowsBestFit/
 */
function dividedAtSlashes(text: string): readonly string[] {
  return text.split(/[/\\\u00A5\u20A9\u2044\u2215\u2216]/);
}

/** Marks, spaces, format characters and others without a shape of their own, which a server may drop or trim. */
const INVISIBLE = /[\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/**
 * Whether a server may take the segment for `.` or `..` (RFC 3986, section 5.2.4). Java servers treat the text after a
 * semicolon as parameters and remove it first.
 */
function isDotSegment(segment: string): boolean {
  const [name = ''] = segment.split(';');
  const visible = name.replace(INVISIBLE, '');
  return /^\.+$/.test(visible) && (visible.length <= 2 || visible.length < name.length);
}

const IDENTITY_HEADER_NAMES: ReadonlySet<string> = new Set(Object.values(IDENTITY_HEADERS));

/**
 * Denies requests that bring identity headers themselves. The gateway is configured to overwrite these headers, but AWS
 * documents for no Lambda integration that the overwritten ones arrive. Servers that turn headers into variables can't
 * distinguish `x_mesh_client_name` from `x-mesh-client-name` (RFC 3875, section 4.1.18), and some fold other punctuation
 * in the same way.
 */
export function denyIdentityHeaders(headers: Readonly<Record<string, unknown>> | undefined): void {
  for (const header of Object.keys(headers ?? {})) {
    const name = header.toLowerCase();
    const folded = name.replace(/[^a-z0-9]+/g, '-');
    if (!IDENTITY_HEADER_NAMES.has(folded)) continue;
    const reason =
      folded === name
        ? `the request brings the identity header ${name}, which only the gateway may set: ` +
          'a service that forwards the headers of a request it received must leave out its identity headers'
        : `a service may mistake the header ${header} for ${folded}`;
    throw new DenialError('AMBIGUOUS_REQUEST', reason);
  }
}
