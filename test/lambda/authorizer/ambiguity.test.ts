import { denyAmbiguousPaths, denyHeaders } from '../../../lambda/authorizer/ambiguity';
import { IDENTITY_HEADERS } from '../../../mesh/contract';
import { superLinearExpressions } from '../../linear-regular-expressions';

/** The places of an event that hold a path, each with the path in this place only. */
const PLACES: readonly [string, (path: unknown) => Parameters<typeof denyAmbiguousPaths>[0]][] = [
  ['the path', (path) => ({ paths: [path, '/'], pathParameters: {} })],
  ['the path of the context', (path) => ({ paths: ['/', path], pathParameters: {} })],
  ['a path parameter', (path) => ({ paths: ['/', '/'], pathParameters: { id: '5', proxy: path } })],
];

describe.each(PLACES)('the path in %s', (_place, eventWith) => {
  const deny = (path: unknown) => denyAmbiguousPaths(eventWith(path));

  test.each([
    '/',
    '/schedule/events',
    '/schedule/events/',
    '/schedule//events',
    '/schedule/...',
    '/schedule/…',
    '/schedule/.well-known/x',
    '/schedule/a..b',
    '/schedule/..a',
    '/schedule/file.txt',
    '/schedule/a b',
    '/schedule/a%20b',
    '/schedule/%C3%BC',
    '/schedule/λ-世界',
    '/schedule/何？',
    '/schedule/👩\u200d💻',
    '/schedule/e\u0301t\u00e9',
    '/schedule/100%',
    '/schedule/100%25',
    '/schedule/%zz',
    '/schedule/%u00',
    '/schedule/%u00e9',
    '/schedule/5\u00a5',
    '/schedule/;v=1',
    '/schedule/a;v=1/b',
    'events',
    '',
  ])('may be %p', (path) => {
    expect(() => deny(path)).not.toThrow();
  });

  test.each([
    // Dot segments, encoded to any depth
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
    '/schedule/%%32e%%32e/admin',
    `/schedule/%${'25'.repeat(100)}2e%${'25'.repeat(100)}2e/admin`,
    // Parameters beside them
    '/schedule/..;/admin',
    '/schedule/..;v=1/admin',
    '/schedule/..%3b/admin',
    '/schedule/..%253Bx/admin',
    '/schedule/.;x.',
    // Slashes
    '/schedule\\..\\admin',
    '/schedule/a\\b',
    '/schedule/%5c',
    '/schedule/%5C..%5Cadmin',
    '/schedule/%255cadmin',
    '/schedule%2fadmin',
    '/schedule/..%2Fadmin',
    '/schedule/..%252fadmin',
    '/schedule/..%c0%afadmin',
    '/schedule/%c0%ae%c0%ae/admin',
    // The end of the path, for some servers
    '/schedule/question?value',
    '/schedule/hash#value',
    '/schedule/x%3F/admin',
    '/schedule/x%2523/admin',
    // Control characters and octets that are not UTF-8
    '/schedule/a\u0000b',
    '/schedule/%00',
    '/schedule/a%0d%0ax-header: b',
    '/schedule/.\t./admin',
    '/schedule/\u007f',
    '/schedule/\u0085',
    '/schedule/\ud800',
    '/schedule/\ufffd',
    '/schedule/%ff',
    // Something invisible beside dots
    '/schedule/..\u200b/admin',
    '/schedule/\u200b../admin',
    '/schedule/.\u200d./admin',
    '/schedule/..\u00ad/admin',
    '/schedule/\ufeff../admin',
    '/schedule/.\u2060./admin',
    '/schedule/..\u202e/admin',
    '/schedule/.. /admin',
    '/schedule/. ./admin',
    '/schedule/..\u00a0/admin',
    '/schedule/..\u3000/admin',
    '/schedule/..\u2028/admin',
    '/schedule/..\u3164/admin',
    '/schedule/..\ufe0f/admin',
    '/schedule/..\u{e0001}/admin',
    '/schedule/...\u200b/admin',
    '/schedule/..%E2%80%8B/admin',
    '/schedule/..%25E2%2580%258B/admin',
    '/schedule/..%20/admin',
    '/schedule/..\u200b;v=1/admin',
    // Characters that servers may replace with dots, slashes, and others
    '/schedule/\uff0e\uff0e/admin',
    '/schedule/\u2025/admin',
    '/schedule/\u2024./admin',
    '/schedule/..\uff0fadmin',
    '/schedule/..\uff3cadmin',
    '/schedule/..\u2215admin',
    '/schedule/..\u037ex/admin',
    '/schedule/\uff052e\uff052e/admin',
    '/schedule/..\u00a5admin',
    '/schedule/..\u20a9..\u20a9admin',
    // Escapes of Windows servers
    '/schedule/%u002e%u002e/admin',
    '/schedule/%U002E./admin',
    '/schedule/%25u002e%2525u002e/admin',
    '/schedule/..%u2215admin',
    '/schedule/a%u002fb',
    '/schedule/%u005c',
    '/schedule/%u003f',
    '/schedule/%ud800',
  ])('is refused when it is %p', (path) => {
    expect(() => deny(path)).toThrow(/ is ambiguous: it /);
  });

  test.each([undefined, null, 7, ['/schedule'], {}])('is refused when it is no text: %p', (path) => {
    expect(() => deny(path)).toThrow(/^the request has no path/);
  });

  test.each(['%25', '%2525', '%u0025', '%u', '\uff05', '/..;', '.\u200b', '%E2%80%8B'])(
    'is checked in a number of steps that is linear in its length, with many %p',
    (part) => {
      const superLinear = superLinearExpressions(() => {
        try {
          deny(`/${part.repeat(3_000)}`);
        } catch {
          // Some are refused.
        }
      });
      expect(superLinear).toEqual([]);
    },
  );

  test('is quoted on one line', () => {
    expect(() => deny('/..\n/{"event":"allowed"}/..')).toThrow('"/..\\n/');
  });
});

test('the path parameter is named in the reason', () => {
  const event = { paths: ['/'], pathParameters: { proxy: 'a/../b' } };

  expect(() => denyAmbiguousPaths(event)).toThrow(
    'the path parameter "proxy" "a/../b" is ambiguous: it contains a dot segment',
  );
});

describe('the headers of a request', () => {
  test.each(Object.values(IDENTITY_HEADERS).flatMap((name) => [name, name.toUpperCase()]))(
    'are refused with %s, and the reason helps an application that forwards what it got',
    (header) => {
      expect(() => denyHeaders({ accept: '*/*', [header]: 'social' })).toThrow(
        `the request brings the identity header ${header.toLowerCase()}, which only the gateway may set: ` +
          'a service that forwards the headers of a request it received must leave out its identity headers',
      );
    },
  );

  test.each(['x_mesh_client_name', 'X-Mesh_Client-Name', 'x_mesh_spiffe_id', 'x.mesh.certificate.fingerprint'])(
    'are refused with %s, which a server may take for the identity',
    (header) => {
      expect(() => denyHeaders({ [header]: 'social' })).toThrow(
        `a service may mistake the header ${header} for x-mesh-`,
      );
    },
  );

  test.each(['x_mesh_other', 'x-mesh-client', 'accept', '__proto__'])('may include %s', (header) => {
    expect(() => denyHeaders(JSON.parse(`{${JSON.stringify(header)}:"social"}`))).not.toThrow();
  });
});
