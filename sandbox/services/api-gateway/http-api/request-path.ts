import { assertUnambiguous, decodeOnce } from '../exchange/path-coding';

/**
 * The path of a request, as functions and routes see it. API Gateway decodes it, cuts it at a `?`, and decodes it again,
 * as captured from AWS:
 * https://github.com/hotsock/voker/blob/a1c00bf491e026f81917cc2edfdaca03eabc7518/vokerhttp/testdata/ingress-paths.json
 *
 * The sandbox drops what follows the cut, because the captures don't say whether that becomes part of the query.
 *
 * @throws GatewayRefusal 400 for a path that a server may read differently
 */
export function decodePath(encoded: string): string {
  const [untilQuestionMark = ''] = decodeOnce(encoded).split('?');
  const path = decodeOnce(untilQuestionMark);
  assertUnambiguous(path);
  return path;
}
