import fc from 'fast-check';
import { assertWellFormed, encodePath } from '../../../../../sandbox/services/api-gateway/exchange/path-coding';
import { GatewayRefusal } from '../../../../../sandbox/services/api-gateway/exchange/refusal';
import { decodePath } from '../../../../../sandbox/services/api-gateway/http-api/request-path';

/**
 * What AWS answered, captured from a live HTTP API: the path that was sent, and the `rawPath` that the function got.
 * https://github.com/hotsock/voker/blob/a1c00bf491e026f81917cc2edfdaca03eabc7518/vokerhttp/testdata/ingress-paths.json
 */
const CAPTURED = [
  ['/capture/plain', '/capture/plain'],
  ['/capture/space%20value', '/capture/space value'],
  ['/capture/question%3Fvalue', '/capture/question'],
  ['/capture/percent%25done', 400],
  ['/capture/hash%23value', '/capture/hash#value'],
  ['/capture/slash%2Fvalue', '/capture/slash/value'],
  ['/capture/unicode-%CE%BB-%E4%B8%96%E7%95%8C', '/capture/unicode-λ-世界'],
  ['/capture/literal%252Fvalue', '/capture/literal/value'],
  ['/capture/literal%253Fvalue', '/capture/literal?value'],
  ['/capture/literal%2525value', '/capture/literal%value'],
] as const;

test.each(CAPTURED)('reads %s as AWS does: %s', (sent, seen) => {
  if (seen === 400) {
    expect(() => decodePath(sent)).toThrow(expect.objectContaining({ status: 400 }));
  } else {
    expect(decodePath(sent)).toBe(seen);
  }
});

test.each([
  ['/schedule/events', '/schedule/events'],
  ['/a%20b', '/a b'],
  ['/a%2Fb', '/a/b'],
  ['/%C3%BC', '/ü'],
  ['/%25C3%25BC', '/ü'],
  ['/%25252e%25252e/a', '/%2e%2e/a'],
  ['/a%3F/../b', '/a'],
  ['/a..b/...', '/a..b/...'],
])('decodes %s twice', (encoded, path) => {
  expect(decodePath(encoded)).toBe(path);
});

test.each([
  '/schedule/../groups',
  '/schedule/..',
  '/./schedule',
  '/schedule/%2e%2e/groups',
  '/schedule/.%2E/groups',
  '/schedule%2f..%2fgroups',
  '/schedule/..%5cgroups',
  '/schedule/..\\groups',
  '/schedule/%252e%252e/groups',
  '/schedule%252f..%252fgroups',
  '/%00',
  '/%2500',
  '/a%0d%0ax-header:%20b',
  '/%zz',
  '/%25zz',
  '/100%25',
  '/%ff',
  '/%25ff',
])('refuses %j', (encoded) => {
  expect(() => decodePath(encoded)).toThrow(GatewayRefusal);
});

test.each(['/ü', '/a b', 'schedule', '', '*', 'https://mesh.example.com/schedule'])(
  'refuses %j before it looks for an API',
  (target) => {
    expect(() => assertWellFormed(target)).toThrow(GatewayRefusal);
  },
);

test('a server that decodes the encoded path gets the decoded one, and no dot segment on the way', () => {
  fc.assert(
    fc.property(fc.webPath(), (given) => {
      fc.pre(given.startsWith('/'));
      let path: string;
      try {
        path = decodePath(given);
      } catch (error) {
        if (error instanceof GatewayRefusal) return;
        throw error;
      }
      const { pathname } = new URL(`http://example.com${encodePath(path)}`);
      expect(decodeURIComponent(pathname)).toBe(path);
    }),
  );
});
