import { GatewayRefusal } from './refusal';

/**
 * A request's path, decoded once: API Gateway decodes before it looks for a route.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 *
 * AWS does not say what becomes of a path that a server further on may read as another one. The sandbox refuses
 * such a path with 400, so that nothing comes to depend on it: dot segments in any spelling, broken
 * percent-encoding, control characters.
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

/** The decoded path as it stands in a request line. A server that decodes it once gets exactly the decoded path. */
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
