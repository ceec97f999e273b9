import { parseMappingKey, selectMapping } from '../../../../../sandbox/services/api-gateway/domains/mapping-selection';
import { pathSegments } from '../../../../../sandbox/services/api-gateway/exchange/path-pattern';

describe("AWS's own example", () => {
  const mappings = ['', 'orders/v1/items', 'orders/v2/items', 'orders/v2/items/categories'].map((key) => ({
    key: parseMappingKey(key),
  }));

  test.each([
    ['/orders/v1/items', 'orders/v1/items'],
    ['/orders/v2/items', 'orders/v2/items'],
    ['/orders/v1/items/123', 'orders/v1/items'],
    ['/orders/v2/items/categories/5', 'orders/v2/items/categories'],
    ['/customers', ''],
    ['/orders/v1/itemsandmore', ''],
    ['/', ''],
  ])('%s', (path, key) => {
    expect(selectMapping(mappings, pathSegments(path))?.key.join('/')).toBe(key);
  });
});

test('finds nothing when no key begins the path', () => {
  expect(selectMapping([{ key: parseMappingKey('orders') }], ['customers'])).toBeUndefined();
});

test.each(['/', '/orders', 'orders/', 'a//b', 'a b', 'a?b', 'a'.repeat(301)])('refuses the key %j', (key) => {
  expect(() => parseMappingKey(key)).toThrow(/^An ApiMapping key may/);
});
