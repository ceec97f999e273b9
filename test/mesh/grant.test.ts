import fc from 'fast-check';
import {
  ALL_CLIENTS,
  coversGrant,
  type DeclaredGrant,
  declaredGrantText,
  GRANTABLE_METHODS,
  type Grant,
  grantedMethods,
  grantMatcher,
  grantPath,
  grantPathProblem,
  grantText,
  isGranted,
  parseDeclaredGrant,
  parseGrant,
} from '../../mesh/grant';

const grantOf = (text: string): Grant => {
  const grant = parseGrant(text);
  if (grant === undefined) throw new Error(`no grant: ${text}`);
  return grant;
};
const admits = (text: string, request: string) => {
  const space = request.indexOf(' ');
  return isGranted(grantMatcher(grantOf(text)), request.slice(0, space), request.slice(space + 1));
};

describe('a grant lets in', () => {
  test.each([
    ['POST /schedule/events', 'POST /schedule/events'],
    ['GET,POST /schedule/events', 'GET /schedule/events'],
    ['ANY /schedule/events', 'DELETE /schedule/events'],
    ['GET /schedule/events/', 'GET /schedule/events/'],
    ['GET /schedule/events/{id}', 'GET /schedule/events/5'],
    ['GET /schedule/events/{id}', 'GET /schedule/events/a b'],
    ['GET /schedule/events/{id}', 'GET /schedule/events/%41'],
    ['GET /schedule/events/{id}', 'GET /schedule/events/λ'],
    ['GET /schedule/events/{id}', 'GET /schedule/events/5;v=1'],
    ['GET /schedule/{kind}/latest', 'GET /schedule/events/latest'],
    ['GET /schedule/files/{path+}', 'GET /schedule/files/a'],
    ['GET /schedule/files/{path+}', 'GET /schedule/files/a/b/'],
    ['GET /schedule/files/{path+}', 'GET /schedule/files//a'],
    ['GET /schedule', 'GET /schedule'],
    ['ANY /schedule/*', 'GET /schedule'],
    ['ANY /schedule/*', 'GET /schedule/'],
    ['ANY /schedule/*', 'PATCH /schedule/a//b/'],
    ['ANY /*', 'GET /'],
    ['ANY /*', 'GET /anything/at/all'],
  ])('%s: %s', (grant, request) => {
    expect(admits(grant, request)).toBe(true);
  });
});

describe('a grant does not let in', () => {
  test.each([
    // Methods
    ['GET /schedule/events', 'HEAD /schedule/events'],
    ['GET /schedule/events', 'OPTIONS /schedule/events'],
    ['GET /schedule/events', 'get /schedule/events'],
    ['GET /schedule/events', 'GET,POST /schedule/events'],
    ['GET,POST /schedule/events', 'PUT /schedule/events'],
    ['ANY /schedule/*', 'TRACE /schedule'],
    ['ANY /schedule/*', 'CONNECT /schedule'],
    ['ANY /schedule/*', 'ANY /schedule'],
    ['ANY /schedule/*', ' /schedule'],
    // The path's case, end, and way to write it
    ['GET /schedule/events', 'GET /schedule/Events'],
    ['GET /schedule/events', 'GET /schedule/events/'],
    ['GET /schedule/events/', 'GET /schedule/events'],
    ['GET /schedule/events', 'GET /schedule//events'],
    ['GET /schedule/events', 'GET //schedule/events'],
    ['GET /schedule/events', 'GET schedule/events'],
    ['GET /schedule/events', 'GET /schedule/events;v=1'],
    ['GET /schedule/events', 'GET /schedule/%65vents'],
    ['GET /schedule/events', 'GET /schedule/events/5'],
    ['GET /schedule/events', 'GET /schedule'],
    ['GET /schedule', 'GET /schedule/'],
    // Parameters that a server may read as no segment, or as several
    ['GET /schedule/events/{id}', 'GET /schedule/events/'],
    ['GET /schedule/events/{id}', 'GET /schedule/events/ '],
    ['GET /schedule/events/{id}', 'GET /schedule/events/%20'],
    ['GET /schedule/events/{id}', 'GET /schedule/events/%2520'],
    ['GET /schedule/events/{id}', 'GET /schedule/events/;v=1'],
    ['GET /schedule/events/{id}', 'GET /schedule/events/\u200b'],
    ['GET /schedule/events/{id}', 'GET /schedule/events/a\uff0fb'],
    ['GET /schedule/events/{id}', 'GET /schedule/events/a\u2215b'],
    ['GET /schedule/events/{id}', 'GET /schedule/events/a%E2%88%95b'],
    ['GET /schedule/events/{id}', 'GET /schedule/events/5/items'],
    ['GET /schedule/events/{id}', 'GET /schedule/events'],
    ['GET /schedule/files/{path+}', 'GET /schedule/files'],
    ['GET /schedule/files/{path+}', 'GET /schedule/files/'],
    ['GET /schedule/files/{path+}', 'GET /schedule/files//'],
    ['GET /schedule/files/{path+}', 'GET /schedule/files/%20/;x'],
    ['GET /schedule/files/{path+}', 'GET /schedule//files/a'],
    // Other services
    ['ANY /schedule/*', 'GET /scheduler'],
    ['ANY /schedule/*', 'GET /Schedule'],
    ['ANY /schedule/*', 'GET //schedule'],
    ['ANY /schedule/*', 'GET /'],
    ['ANY /schedule/*', 'GET /users/schedule'],
  ])('%s: %s', (grant, request) => {
    expect(admits(grant, request)).toBe(false);
  });
});

describe('the text of a grant', () => {
  test.each(['', ' ', 'GET', '/schedule', 'GET schedule', 'GET  /schedule', 'get /schedule', 'POST,GET /schedule'])(
    'is not %p',
    (text) => expect(parseGrant(text)).toBeUndefined(),
  );
  test.each([
    'GET,GET /a',
    'GET,ANY /a',
    'TRACE /a',
    'GET, /a',
    'GET /a/*/b',
    'GET /a*',
    'GET /a//b',
    'GET /../a',
    'GET /a/{x+}/b',
    'GET /a/%41',
    'GET /a b',
    'GET /a\n',
    'GET //*',
    'GET *',
  ])('is not %p', (text) => expect(parseGrant(text)).toBeUndefined());

  test.each(['mail', 'mail GET', ' GET /a', 'Mail GET /a', '** GET /a', 'mail  GET /a', 'a.b GET /a'])(
    'of a service is not %p',
    (text) => expect(parseDeclaredGrant(text)).toBeUndefined(),
  );

  test('names the methods once, in one order', () => {
    expect(grantedMethods(['POST', 'GET', 'POST'])).toEqual(['GET', 'POST']);
    expect(grantedMethods(['GET', 'ANY'])).toBe('ANY');
    expect(grantedMethods(['TRACE'])).toEqual([]);
  });

  test('has the path of the service before the path within it', () => {
    expect(grantPath('/schedule', '/events')).toBe('/schedule/events');
    expect(grantPath('/schedule', '/')).toBe('/schedule');
    expect(grantPath('/schedule', undefined)).toBe('/schedule/*');
    expect(grantPath('', '/')).toBe('/');
    expect(grantPath('', undefined)).toBe('/*');
  });
});

test.each([
  ['events', 'must start with a slash'],
  ['', 'must start with a slash'],
  ['/a//b', 'must not contain an empty segment'],
  ['//', 'must not contain an empty segment'],
  ['/a/../b', 'must not contain a dot segment'],
  ['/.', 'must not contain a dot segment'],
  ['/{a+}/b', 'must have a greedy path parameter only at its end'],
  ['/a*', 'must consist of segments'],
  ['/*', 'must consist of segments'],
  ['/a b', 'must consist of segments'],
  ['/%41', 'must consist of segments'],
  ['/a;b', 'must consist of segments'],
  ['/a?b', 'must consist of segments'],
  ['/a\\b', 'must consist of segments'],
  ['/{a', 'must consist of segments'],
  ['/a{b}', 'must consist of segments'],
  ['/{}', 'must consist of segments'],
  ['/λ', 'must consist of segments'],
])('the path of a grant can not be %p', (path, problem) => {
  expect(grantPathProblem(path)).toContain(problem);
});

const segment = fc.constantFrom('a', 'b', 'events', '5', 'x.y', '~');
const end = fc.constantFrom('', '/', '/{rest+}');
const paths = fc
  .tuple(fc.array(fc.oneof(segment, fc.constant('{id}')), { minLength: 1, maxLength: 4 }), end)
  .map(([segments, last]) => `/${segments.join('/')}${last}`);
const everything = fc.array(segment, { maxLength: 2 }).map((segments) => `${['', ...segments].join('/')}/*`);
const methods = fc.oneof(
  fc.constant('ANY' as const),
  fc.subarray([...GRANTABLE_METHODS], { minLength: 1 }).map((some) => grantedMethods(some)),
);
const grants: fc.Arbitrary<Grant> = fc.record({ methods, path: fc.oneof(paths, everything) });
const requests = fc.record({
  method: fc.constantFrom(...GRANTABLE_METHODS, 'TRACE', 'get'),
  path: fc
    .array(fc.oneof({ weight: 4, arbitrary: segment }, fc.constantFrom('', ' ', ';a', 'a;b', '%20')), { maxLength: 6 })
    .map((segments) => `/${segments.join('/')}`),
});

describe('for any grants', () => {
  test('the text is read back as the same grant', () => {
    fc.assert(
      fc.property(grants, fc.constantFrom('mail', ALL_CLIENTS), (grant, clientName) => {
        expect(parseGrant(grantText(grant))).toEqual(grant);
        const declared: DeclaredGrant = { clientName, grant };
        expect(parseDeclaredGrant(declaredGrantText(declared))).toEqual(declared);
      }),
    );
  });

  test('what a narrower grant lets in, a grant that covers it lets in too', () => {
    fc.assert(
      fc.property(grants, grants, requests, (wider, narrower, { method, path }) => {
        fc.pre(coversGrant(wider, narrower));
        if (isGranted(grantMatcher(narrower), method, path)) {
          expect(isGranted(grantMatcher(wider), method, path)).toBe(true);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test('every grant covers itself', () => {
    fc.assert(fc.property(grants, (grant) => coversGrant(grant, grant)));
  });

  test('the path of a request starts with what is literal in the grant, segment by segment', () => {
    fc.assert(
      fc.property(grants, requests, (grant, { method, path }) => {
        if (!isGranted(grantMatcher(grant), method, path)) return;
        const [pattern, request] = [grant.path.split('/'), path.split('/')];
        pattern.forEach((part, index) => {
          if (!/^[{*]/.test(part)) expect(request[index]).toBe(part);
        });
        if (!/[+*]/.test(grant.path)) expect(request).toHaveLength(pattern.length);
        if (grant.methods !== 'ANY') expect(grant.methods).toContain(method);
      }),
      { numRuns: 5_000 },
    );
  });
});
