import { GatewayRefusal } from './refusal';

/**
 * The path of a request, decoded once, because API Gateway decodes it before it selects a route.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 *
 * AWS doesn't document how it treats paths that a server behind the gateway may read differently. The sandbox rejects
 * them with 400, so nothing depends on them: dot segments in any encoding, invalid percent-encoding, and control
 * characters.
 */
export function decodePath(encoded: string): string {
  if (!/^\/[!-~]*$/.test(encoded))
    throw new GatewayRefusal(400, 'the path holds characters that must be percent-encoded');
  const path = decode(encoded);
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
