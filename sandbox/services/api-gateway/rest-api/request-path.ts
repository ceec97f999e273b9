import { assertUnambiguous, decodeOnce } from '../exchange/path-coding';
import { pathSegments } from '../exchange/path-pattern';

/**
 * The segments of a path as it was sent, each decoded. Functions get the path as it was sent, and path variables decoded:
 * https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_lambda.snapshot.json
 *
 * The sandbox also rejects segments that become ambiguous for a server that decodes them again.
 */
export function readSegments(encodedPath: string): readonly string[] {
  const segments = pathSegments(encodedPath).map(decodeOnce);
  for (const segment of segments) {
    assertUnambiguous(segment);
    assertUnambiguous(decodedAgain(segment));
  }
  return segments;
}

function decodedAgain(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
