import { GatewayRefusal } from './refusal';

/** @throws GatewayRefusal 400 for a request target that doesn't start with a path, or isn't percent-encoded */
export function assertWellFormed(path: string): void {
  if (!/^\/[!-~]*$/.test(path)) throw new GatewayRefusal(400, 'the path holds characters that must be percent-encoded');
}

/** @throws GatewayRefusal 400 for a text that isn't percent-encoded UTF-8 */
export function decodeOnce(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch (cause) {
    throw new GatewayRefusal(400, 'the path is not percent-encoded UTF-8', { cause });
  }
}

/**
 * AWS doesn't document how it treats paths that a server behind the gateway may read differently. The sandbox rejects
 * them, so nothing depends on them: dot segments, and control characters.
 * @param path a decoded path, or a segment of one
 * @throws GatewayRefusal 400
 */
export function assertUnambiguous(path: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
  if (/[\u0000-\u001f\u007f]/.test(path)) throw new GatewayRefusal(400, 'the path holds a control character');
  if (/(^|[/\\])\.{1,2}([/\\]|$)/.test(path)) throw new GatewayRefusal(400, 'the path holds a dot segment');
}

/** The decoded path, encoded for a request line. A server that decodes it once gets exactly the decoded path. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
