import fc from 'fast-check';
import { GatewayRefusal } from '../../../../../sandbox/services/api-gateway/exchange/refusal';
import { decodePath, encodePath } from '../../../../../sandbox/services/api-gateway/exchange/request-path';

test.each([
  ['/schedule/events', '/schedule/events'],
  ['/a%20b', '/a b'],
  ['/a%2Fb', '/a/b'],
  ['/%C3%BC', '/ü'],
  ['/%252e%252e/a', '/%2e%2e/a'],
  ['/a..b/...', '/a..b/...'],
])('decodes %s once', (encoded, path) => {
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
  '/%00',
  '/a%0d%0ax-header:%20b',
  '/%zz',
  '/%ff',
  '/ü',
  'schedule',
  '',
  '*',
  'https://mesh.example.com/schedule',
])('refuses %j', (encoded) => {
  expect(() => decodePath(encoded)).toThrow(GatewayRefusal);
});

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
