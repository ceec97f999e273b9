import fc from 'fast-check';
import { GatewayRefusal } from '../../../../../sandbox/services/api-gateway/exchange/refusal';
import { readSegments } from '../../../../../sandbox/services/api-gateway/rest-api/request-path';

test.each([
  ['/', []],
  ['/a/b', ['a', 'b']],
  ['/a/', ['a', '']],
  ['//a', ['', 'a']],
  ['/a%2Fb', ['a/b']],
  ['/a%252Fb', ['a%2Fb']],
  ['/a%25b', ['a%b']],
  ['/a..b/...', ['a..b', '...']],
])('decodes each segment of %s once', (path, segments) => {
  expect(readSegments(path)).toEqual(segments);
});

test('a server that normalizes an accepted path finds the same segments', () => {
  fc.assert(
    fc.property(fc.webPath(), (path) => {
      fc.pre(path.startsWith('/'));
      let segments: readonly string[];
      try {
        segments = readSegments(path);
      } catch (error) {
        if (error instanceof GatewayRefusal) return;
        throw error;
      }
      const { pathname } = new URL(`http://example.com${path}`);
      const seen = pathname === '/' ? [] : pathname.slice(1).split('/');
      expect(seen.map(decodeURIComponent)).toEqual(segments);
    }),
  );
});
