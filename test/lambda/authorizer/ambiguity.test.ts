import { denyAmbiguousPath } from '../../../lambda/authorizer/ambiguity';
import { superLinearExpressions } from '../../linear-regular-expressions';

describe('the path of a request', () => {
  test.each([
    '/',
    '/schedule/events',
    '/schedule/events/',
    '/schedule/...',
    '/schedule/.well-known/x',
    '/schedule/a..b',
    '/schedule/file.txt',
    '/schedule/a%20b',
    '/schedule/%C3%BC',
    '/schedule/100%25',
    '/schedule/;v=1',
    '/schedule/a;v=1/b',
    '',
  ])('may be %p', (path) => {
    expect(() => denyAmbiguousPath(path)).not.toThrow();
  });

  test.each([
    '/schedule/../admin',
    '/schedule/..',
    '/../admin',
    '..',
    '../admin',
    '/schedule/./events',
    '/.',
    '/schedule/%2e%2e/admin',
    '/schedule/%2E%2e',
    '/schedule/.%2e/admin',
    '/schedule/%2e./admin',
    '/schedule/%2e/events',
    '/schedule/%252e%252e/admin',
    '/schedule/%25252e%25252E/admin',
    '/schedule/..;/admin',
    '/schedule/..;v=1/admin',
    '/schedule/..%3b/admin',
    '/schedule/..%253Bx/admin',
    '/schedule\\..\\admin',
    '/schedule/a\\b',
    '/schedule/%5c',
    '/schedule/%5C..%5Cadmin',
    '/schedule/%255cadmin',
    '/schedule%2fadmin',
    '/schedule/..%2Fadmin',
    '/schedule/..%252fadmin',
  ])('is refused when it is %p', (path) => {
    expect(() => denyAmbiguousPath(path)).toThrow(/is ambiguous$/);
  });

  test.each([undefined, null, 7, ['/schedule'], {}])('is refused when it is no text: %p', (path) => {
    expect(() => denyAmbiguousPath(path)).toThrow('the request has no path');
  });

  test('is checked in a number of steps that is linear in its length', () => {
    const superLinear = superLinearExpressions(() => denyAmbiguousPath(`/${'%25'.repeat(3_000)}`));
    expect(superLinear).toEqual([]);
  });

  test('is quoted on one line', () => {
    expect(() => denyAmbiguousPath('/..\n/{"event":"allowed"}/..')).toThrow('the path "/..\\n/');
  });
});
