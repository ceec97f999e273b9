import fc from 'fast-check';
import { decidingGrant, type HeldGrant, heldGrant } from '../../registry/admission';

const held = (...entries: readonly string[]): readonly HeldGrant[] =>
  entries.flatMap((entry) => heldGrant(entry) ?? []);
const request = { apiId: 'a1', methods: ['GET'], path: '/schedule/events' };

test.each(['', 'a1', 'a1 ', ' GET /a', 'a1 GET', 'a1 get /a', 'a1  GET /a', 'GET /a'])(
  'the malformed entry %p lets nothing in',
  (entry) => expect(heldGrant(entry)).toBeUndefined(),
);

test('without a grant, nothing is let in', () => {
  expect(decidingGrant([], request)).toBeUndefined();
});

test('a grant counts for its API alone', () => {
  const grants = held('b2 ANY /*', 'a1 GET /schedule/other');
  expect(decidingGrant(grants, request)).toBeUndefined();
  expect(decidingGrant(grants, { ...request, apiId: 'b2' })).toBe('ANY /*');
  expect(decidingGrant(held('a1 ANY /*'), { ...request, apiId: undefined as unknown as string })).toBeUndefined();
});

test('a request that servers may take for another method needs a grant for both', () => {
  const methods = ['POST', 'DELETE'];
  expect(decidingGrant(held('a1 POST /schedule/*'), { ...request, methods })).toBeUndefined();
  expect(decidingGrant(held('a1 POST /schedule/*', 'a1 DELETE /schedule/{id}'), { ...request, methods })).toBe(
    'POST /schedule/*',
  );
});

describe('an API with a mapping key', () => {
  const reports = held('a1/reports GET /reports/monthly/{id}', 'a1/reports GET /reports/reports');
  const decide = (path: string, routePath?: string) =>
    decidingGrant(reports, { apiId: 'a1', methods: ['GET'], path, ...(routePath !== undefined && { routePath }) });

  test.each(['/monthly/5', '/reports/monthly/5', '/stage/monthly/5'])(
    'is granted by its route, whatever stands before it in the path: %s',
    (path) => expect(decide(path, '/monthly/5')).toBe('GET /reports/monthly/{id}'),
  );

  test.each([
    ['/reports/monthly/5', undefined],
    ['/reports/monthly/5', '/reports/monthly/5'],
    ['/reports/monthly/5', '/monthly/6'],
    ['/monthly/5/lines', '/monthly/5/lines'],
    ['/reports', '/'],
  ])('is not granted %s by the route %s', (path, routePath) => expect(decide(path, routePath)).toBeUndefined());

  test('is another one than that of the same grants without a key', () => {
    expect(decidingGrant(reports, { apiId: 'a1/reports', methods: ['GET'], path: '/monthly/5' })).toBeUndefined();
    expect(
      decidingGrant(reports, { apiId: 'a', methods: ['GET'], path: '/monthly/5', routePath: '/monthly/5' }),
    ).toBeUndefined();
  });
});

const entries = fc.constantFrom(
  'a1 GET /schedule/events',
  'a1 GET,POST /schedule/{kind}',
  'a1 POST /schedule/{rest+}',
  'a1 ANY /users/*',
  'b2 ANY /*',
  'a1 broken',
);
const requests = fc.record({
  apiId: fc.constantFrom('a1', 'b2', 'c3'),
  methods: fc.uniqueArray(fc.constantFrom('GET', 'POST', 'DELETE'), { minLength: 1 }),
  path: fc.constantFrom('/schedule/events', '/schedule/x', '/schedule/x/y', '/users', '/'),
});

test('a grant more never takes access away, and the order of grants decides nothing', () => {
  fc.assert(
    fc.property(fc.array(entries), entries, requests, (some, another, asked) => {
      const before = decidingGrant(held(...some), asked);
      if (before !== undefined) expect(decidingGrant(held(...some, another), asked)).toBeDefined();
      const reversed = decidingGrant(held(...[...some].reverse()), asked);
      expect(reversed === undefined).toBe(before === undefined);
    }),
  );
});
