import { GatewayRefusal } from '../exchange/refusal';

/**
 * The path of a request, as functions and routes see it. API Gateway decodes it, cuts it at a `?`, and decodes it again,
 * as captured from AWS:
 * https://github.com/hotsock/voker/blob/a1c00bf491e026f81917cc2edfdaca03eabc7518/vokerhttp/testdata/ingress-paths.json
 *
 * AWS doesn't document how it treats paths that a server behind the gateway may read differently. The sandbox rejects
 * them with 400, so nothing depends on them: dot segments in any encoding, and control characters. It also drops what
 * follows the cut, because the captures don't say whether that becomes part of the query.
 */
export function decodePath(encoded: string): string {
  if (!/^\/[!-~]*$/.test(encoded))
    throw new GatewayRefusal(400, 'the path holds characters that must be percent-encoded');
  const [untilQuestionMark = ''] = decode(encoded).split('?');
  const path = decode(untilQuestionMark);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
  if (/[\u0000-\u001f\u007f]/.test(path)) throw new GatewayRefusal(400, 'the path holds a control character');
  if (/(^|[/\\])\.{1,2}([/\\]|$)/.test(path)) throw new GatewayRefusal(400, 'the path holds a dot segment');
  return path;
}

/** The decoded path, encoded for a request line. A server that decodes it once gets exactly the decoded path. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch (cause) {
    throw new GatewayRefusal(400, 'the path is not percent-encoded UTF-8', { cause });
  }
}
