import { missingGrantText, parseMissingGrant } from '../../mesh/missing-grant';

test('a request that no grant lets in is a sentence', () => {
  expect(missingGrantText({ clientName: 'mail', methods: ['GET'], path: '/users' })).toBe(
    'client mail has no grant for GET /users',
  );
  expect(missingGrantText({ clientName: 'mail', methods: ['POST', 'PUT', 'DELETE'], path: '/users' })).toBe(
    'client mail has no grant for POST /users, which servers may also take for PUT or DELETE',
  );
});

test.each([
  [['GET'], '/users'],
  [['POST', 'DELETE'], '/users'],
  [['POST', 'PUT', 'DELETE'], '/users/a b'],
  [['GET'], '/users\n/x has no grant for GET /y'],
])('the sentence about %j %j is read as it was written', (methods, path) => {
  const missing = { clientName: 'mail', methods, path };
  expect(parseMissingGrant(missingGrantText(missing))).toEqual(missing);
});

test.each(['', 'client mail is refused: the certificate is revoked', 'client mail has no grant for GET'])(
  'another sentence is not read: %j',
  (text) => {
    expect(parseMissingGrant(text)).toBeUndefined();
  },
);
