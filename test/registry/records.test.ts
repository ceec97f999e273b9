import { identityId, identityKey } from '../../registry/records';

const SUBJECT = { kind: 'SUBJECT', value: 'CN=billing' } as const;

test('an id is of one issuer, one kind and one value, wherever one ends and the next begins', () => {
  const ids = [
    identityId('O=Partner', SUBJECT),
    identityId('O=Partner\nCN=Root', SUBJECT),
    identityId('O=Partner', { kind: 'FINGERPRINT', value: 'CN=billing' }),
    identityId('O=Partner', { kind: 'SUBJECT', value: 'CN=billing,O=Partner' }),
    identityId('O=Partner","SUBJECT', SUBJECT),
    identityId('O=Partner","SUBJECT","CN=billing', { kind: 'SUBJECT', value: '' }),
  ];
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(identityId('O=Partner', { ...SUBJECT })).toBe(ids[0]);
});

test('an item is found by the id alone, and is neither a client nor a certificate', () => {
  expect(identityKey('0a')).toEqual({ partitionKey: 'IDENTITY#0a', sortKey: 'IDENTITY' });
});
