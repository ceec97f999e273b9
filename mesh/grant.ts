/** Grants: which methods and paths of a service a client may call. */
import { clientNameProblem } from './names';
import { isOneSegment } from './request-path';

/** The methods that a grant can name. `TRACE` and `CONNECT` are never granted. */
export const GRANTABLE_METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const;
type GrantableMethod = (typeof GRANTABLE_METHODS)[number];

/** In place of a list of methods: all of them. */
const ANY_METHOD = 'ANY';

/** In place of the name of a client: all clients of the mesh. */
export const ALL_CLIENTS = '*';

export interface Grant {
  /** In alphabetical order, without repetition, or `ANY`. */
  readonly methods: readonly GrantableMethod[] | typeof ANY_METHOD;
  /**
   * From the root of the API, as API Gateway writes the path of a route: `/schedule/events/{id}`, `/schedule/files/{proxy+}`.
   * `/schedule/*` is all of a service, from `/schedule` down.
   */
  readonly path: string;
}

/**
 * The path of a grant from the root of the API.
 * @param basePath the path of the service, without a slash at its end
 * @param path within the service, `/` for the base path itself. If absent, everything at and below the base path.
 */
export function grantPath(basePath: string, path: string | undefined): string {
  if (path === undefined) return `${basePath}/${EVERYTHING}`;
  return path === '/' && basePath !== '' ? basePath : `${basePath}${path}`;
}

/** The methods of a grant. `ANY` stands for all of them, and an empty list for none. */
export function grantedMethods(methods: readonly string[]): Grant['methods'] {
  if (methods.includes(ANY_METHOD)) return ANY_METHOD;
  return GRANTABLE_METHODS.filter((method) => methods.includes(method));
}

/** The grant on one line, such as `GET,POST /schedule/events`. `parseGrant` reads it. */
export function grantText({ methods, path }: Grant): string {
  return `${methods === ANY_METHOD ? ANY_METHOD : methods.join(',')} ${path}`;
}

/** Undefined unless `grantText` wrote the text. */
export function parseGrant(text: string): Grant | undefined {
  const space = text.indexOf(' ');
  const path = text.slice(space + 1);
  const grant = { methods: grantedMethods(text.slice(0, space).split(',')), path };
  const hasMethods = grant.methods.length > 0 && grantText(grant) === text;
  return space > 0 && hasMethods && storedPathProblem(path) === undefined ? grant : undefined;
}

/** A grant of a service, as its template and the registry's record of the service have it. */
export interface DeclaredGrant {
  /** The name of a client, or `ALL_CLIENTS`. */
  readonly clientName: string;
  readonly grant: Grant;
}

/** The grant on one line, such as `mail POST /schedule/events`. `parseDeclaredGrant` reads it. */
export function declaredGrantText({ clientName, grant }: DeclaredGrant): string {
  return `${clientName} ${grantText(grant)}`;
}

/** Undefined unless `declaredGrantText` wrote the text. */
export function parseDeclaredGrant(text: string): DeclaredGrant | undefined {
  const space = text.indexOf(' ');
  const clientName = text.slice(0, space);
  const grant = space > 0 ? parseGrant(text.slice(space + 1)) : undefined;
  const isName = clientName === ALL_CLIENTS || clientNameProblem(clientName) === undefined;
  return grant && isName ? { clientName, grant } : undefined;
}

/** The characters of RFC 3986, section 3.3, without those that servers or this notation give a meaning. */
const LITERAL = /^[A-Za-z0-9._~!$&()+,=:@-]+$/;
const PARAMETER = /^\{[\w.-]+\}$/;
const GREEDY_PARAMETER = /^\{[\w.-]+\+\}$/;
const EVERYTHING = '*';

/** What is wrong with the path of a grant, as the rest of a sentence that begins with its name. Undefined if valid. */
export function grantPathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return 'must start with a slash';
  const segments = segmentsOf(path);
  const last = segments.length - 1;
  for (const [index, segment] of segments.entries()) {
    if (segment === '' && index < last) return 'must not contain an empty segment';
    if (segment === '.' || segment === '..') return 'must not contain a dot segment';
    if (GREEDY_PARAMETER.test(segment) && index < last) return 'must have a greedy path parameter only at its end';
    if (segment !== '' && !LITERAL.test(segment) && !PARAMETER.test(segment) && !GREEDY_PARAMETER.test(segment)) {
      return (
        'must consist of segments of letters, digits, and -._~!$&()+,=:@, of path parameters {name}, and at its end of a ' +
        'greedy path parameter {name+}'
      );
    }
  }
  return undefined;
}

function storedPathProblem(path: string): string | undefined {
  if (!path.endsWith(`/${EVERYTHING}`)) return grantPathProblem(path);
  const basePath = path.slice(0, -2);
  if (basePath === '') return undefined;
  return basePath.endsWith('/') ? 'must not contain an empty segment' : grantPathProblem(basePath);
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').slice(1);
}

/** A grant in the form in which requests are compared with it. */
export interface GrantMatcher {
  readonly methods: ReadonlySet<string>;
  readonly segments: readonly string[];
}

export function grantMatcher({ methods, path }: Grant): GrantMatcher {
  return { methods: new Set<string>(methods === ANY_METHOD ? GRANTABLE_METHODS : methods), segments: segmentsOf(path) };
}

/**
 * Whether a grant lets a request in. A method, and a literal segment of the path, must be equal, with the same case. A path
 * parameter stands for one segment that no server can read as none or as several, and a greedy one for everything below the
 * path before it, but not for that path with a slash at its end, which servers may read as the path itself.
 *
 * @param method in capitals
 * @param path a path without a `pathProblem`
 */
export function isGranted({ methods, segments }: GrantMatcher, method: string, path: string): boolean {
  return methods.has(method) && coversPath(segments, segmentsOf(path), isOneSegment);
}

/** Whether `wider` lets in whatever `narrower` lets in. */
export function coversGrant(wider: Grant, narrower: Grant): boolean {
  const coversMethods =
    wider.methods === ANY_METHOD ||
    (narrower.methods !== ANY_METHOD && narrower.methods.every((method) => wider.methods.includes(method)));
  const isSegment = (segment: string) => LITERAL.test(segment) || PARAMETER.test(segment);
  return coversMethods && coversPath(segmentsOf(wider.path), segmentsOf(narrower.path), isSegment);
}

function coversPath(
  pattern: readonly string[],
  segments: readonly string[],
  isSegment: (segment: string) => boolean,
): boolean {
  for (const [index, part] of pattern.entries()) {
    if (part === EVERYTHING) return true;
    if (GREEDY_PARAMETER.test(part)) {
      const rest = segments.slice(index);
      return rest.some((segment) => isSegment(segment)) || rest.some((segment) => GREEDY_PARAMETER.test(segment));
    }
    const segment = segments[index];
    if (segment === undefined) return false;
    const isCovered = PARAMETER.test(part) ? isSegment(segment) : segment === part;
    if (!isCovered) return false;
  }
  return segments.length === pattern.length;
}
