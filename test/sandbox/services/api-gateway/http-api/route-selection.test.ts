import { pathSegments } from '../../../../../sandbox/services/api-gateway/exchange/path-pattern';
import { parseRouteKey, selectRoute } from '../../../../../sandbox/services/api-gateway/http-api/route-selection';

function select(routeKeys: readonly string[], method: string, path: string) {
  const routes = routeKeys.map((text) => ({ key: parseRouteKey(text) }));
  const selected = selectRoute(routes, method, pathSegments(path));
  return selected && { key: selected.route.key.text, parameters: Object.fromEntries(selected.pathParameters) };
}

describe("AWS's own example", () => {
  const routes = ['$default', 'ANY /{proxy+}', 'GET /pets/{proxy+}', 'GET /pets/dog/{id}', 'GET /pets/dog/1'];

  test.each([
    ['GET', '/pets/dog/1', 'GET /pets/dog/1', {}],
    ['GET', '/pets/dog/2', 'GET /pets/dog/{id}', { id: '2' }],
    ['GET', '/pets/cat/1', 'GET /pets/{proxy+}', { proxy: 'cat/1' }],
    ['POST', '/test/5', 'ANY /{proxy+}', { proxy: 'test/5' }],
    ['GET', '/', '$default', {}],
  ])('%s %s', (method, path, key, parameters) => {
    expect(select(routes, method, path)).toEqual({ key, parameters });
  });
});

test.each([
  ['the method before ANY', ['ANY /a', 'GET /a'], 'GET /a'],
  ['the full match with ANY before a greedy one with the method', ['GET /{proxy+}', 'ANY /a'], 'ANY /a'],
  ['static text before a variable', ['GET /{name}', 'ANY /a'], 'ANY /a'],
  ['the longer prefix', ['GET /{proxy+}', 'ANY /a/{proxy+}'], undefined],
])('prefers %s, in whatever order they come', (_, routes, expected) => {
  const path = expected ? '/a' : '/a/b';
  const key = expected ?? 'ANY /a/{proxy+}';
  expect(select(routes, 'GET', path)?.key).toBe(key);
  expect(select([...routes].reverse(), 'GET', path)?.key).toBe(key);
});

test.each([
  ['GET /a', 'POST', '/a'],
  ['GET /a', 'GET', '/a/'],
  ['GET /a', 'GET', '/A'],
  ['GET /a/{id}', 'GET', '/a/'],
  ['GET /a/{id}', 'GET', '/a/b/c'],
  ['ANY /a/{proxy+}', 'GET', '/a'],
  ['ANY /a', 'TRACE', '/a'],
  ['ANY /a/{proxy+}', 'PROPFIND', '/a/b'],
  ['ANY /a/{id}', 'GET', '/a/'],
  ['ANY /a/{proxy+}', 'GET', '//a/b'],
])('%s does not take %s %s', (route, method, path) => {
  expect(select([route], method, path)).toBeUndefined();
});

test('a greedy variable takes the slash at the end of a path, and has no value then', () => {
  const selected = select(['ANY /a', 'ANY /a/{proxy+}'], 'GET', '/a/');
  expect(selected).toEqual({ key: 'ANY /a/{proxy+}', parameters: { proxy: '' } });
});

test.each(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'])('ANY stands for %s', (method) => {
  expect(select(['ANY /a'], method, '/a')?.key).toBe('ANY /a');
});

test('the default route takes every method', () => {
  expect(select(['$default', 'ANY /a'], 'PROPFIND', '/a')?.key).toBe('$default');
});

test.each(['GET', 'GET a', 'FETCH /a', 'GET /a b', 'GET /{proxy+}/a', 'GET /a{id}', 'GET /{id}/{id}', '$other', ''])(
  'refuses the route key %j',
  (routeKey) => {
    expect(() => parseRouteKey(routeKey)).toThrow(`Invalid route key: ${routeKey}`);
  },
);
