/** Who may use the console: the browser of the person who started it, on the console's own page. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A request is refused. The message is for the person who sent it. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';

  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

export interface GuardOptions {
  /** The first segment of every path. */
  readonly token: string;
  /** The port on 127.0.0.1. */
  readonly port: number;
}

/**
 * The path of a request below the token.
 *
 * The token is in the path and not in a cookie, because browsers send cookies to all ports of a host: another program on this machine
 * could read it. https://www.rfc-editor.org/rfc/rfc6265#section-8.5
 *
 * @throws RefusedRequest for a request without the token, by another name of this machine, or of another page
 */
export function admittedPath({ method, url = '', headers }: IncomingMessage, { token, port }: GuardOptions): string {
  const host = `127.0.0.1:${port}`;
  // A page of any name that its owner has pointed to 127.0.0.1 (DNS rebinding).
  if (headers.host !== host) throw new RefusedRequest(421, `the console answers at http://${host} only`);
  const { origin } = headers;
  // Browsers send the origin with every POST, and other pages can't change it.
  if (origin === undefined ? method !== 'GET' : origin !== `http://${host}`) {
    throw new RefusedRequest(403, 'the console answers its own page only');
  }
  const [, given = '', path = ''] = /^\/([^/?]*)\/([^?]*)$/.exec(url) ?? [];
  if (!isEqual(given, token)) {
    throw new RefusedRequest(403, 'the URL must be the one that `mtls-mesh console` has printed');
  }
  return path;
}

/** Takes the same time whatever the texts are. */
function isEqual(one: string, other: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}
