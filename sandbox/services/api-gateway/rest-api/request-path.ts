import { pathSegments } from '../exchange/path-pattern';
import { GatewayRefusal } from '../exchange/refusal';

/**
 * The segments of a path as it was sent, each decoded. Functions get the path as it was sent, and path variables decoded:
 * https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_lambda.snapshot.json
 *
 * AWS doesn't document how REST APIs treat paths that a server behind the gateway may read differently. As for HTTP APIs,
 * the sandbox rejects them with 400, so nothing depends on them: dot segments in any encoding, and control characters.
 */
export function readSegments(encodedPath: string): readonly string[] {
  const segments = pathSegments(encodedPath).map(decode);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
  if (segments.some((segment) => /[\u0000-\u001f\u007f]/.test(segment))) {
    throw new GatewayRefusal(400, 'the path holds a control character');
  }
  const readings = segments.flatMap((segment) => [segment, decodeAgain(segment)]);
  if (readings.some((segment) => /(^|[/\\])\.{1,2}([/\\]|$)/.test(segment))) {
    throw new GatewayRefusal(400, 'the path holds a dot segment');
  }
  return segments;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new GatewayRefusal(400, 'the path is not percent-encoded UTF-8', { cause });
  }
}

/** As a server reads it that decodes a path twice. */
function decodeAgain(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
