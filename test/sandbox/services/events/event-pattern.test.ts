import { parseEventPattern } from '../../../../sandbox/services/events/event-pattern';

const EVENT = {
  source: 'mtls-service-mesh',
  'detail-type': 'Certificate Revoked',
  resources: ['arn:one', 'arn:two'],
  detail: { clientName: 'mail', attempts: 3, reason: null, nested: { state: 'REVOKED' } },
};

const fits = (pattern: unknown) => parseEventPattern(pattern)(EVENT);

test.each([
  [{ source: ['mtls-service-mesh'] }],
  [{ source: ['other', 'mtls-service-mesh'], 'detail-type': ['Certificate Revoked'] }],
  [{ resources: ['arn:two'] }],
  [{ detail: { clientName: ['mail'], nested: { state: ['REVOKED'] } } }],
  [{ detail: { attempts: [3], reason: [null] } }],
  [{ source: [{ prefix: 'mtls-' }] }],
  [{ source: [{ suffix: '-mesh' }] }],
  [{ detail: { clientName: [{ 'equals-ignore-case': 'MAIL' }] } }],
  [{ detail: { clientName: [{ exists: true }], serialNumber: [{ exists: false }] } }],
  [{ detail: { clientName: [{ 'anything-but': 'social' }] } }],
  [{ detail: { clientName: [{ 'anything-but': ['social', 'schedule'] }] } }],
  [{ source: ['other', { prefix: 'mtls-' }] }],
])('fits %j', (pattern) => {
  expect(fits(pattern)).toBe(true);
});

test.each([
  [{ source: ['other'] }],
  [{ source: ['mtls-service-mesh'], 'detail-type': ['Certificate Issued'] }],
  [{ detail: { attempts: ['3'] } }],
  [{ detail: { clientName: ['MAIL'] } }],
  [{ detail: { missing: [null] } }],
  [{ detail: { clientName: { deeper: ['mail'] } } }],
  [{ source: [{ prefix: 'service' }] }],
  [{ detail: { clientName: [{ exists: false }] } }],
  [{ detail: { clientName: [{ 'anything-but': ['mail'] }] } }],
  [{ detail: { missing: [{ 'anything-but': ['mail'] }] } }],
])('does not fit %j', (pattern) => {
  expect(fits(pattern)).toBe(false);
});

test.each([
  [{ source: 'mtls-service-mesh' }, 'must be an object'],
  [{ source: [] }, 'must not be empty'],
  [{ $or: [{ source: ['a'] }] }, '$or'],
  [{ source: [{ numeric: ['>', 1] }] }, 'numeric'],
  [{ source: [{ wildcard: '*' }] }, 'wildcard'],
  [{ source: [{ prefix: { 'equals-ignore-case': 'a' } }] }, 'prefix'],
  [{ source: [{ 'anything-but': { prefix: 'a' } }] }, 'anything-but'],
  [{ source: [{}] }, 'exactly one operator'],
  ['text', 'must be an object'],
  [null, 'must be an object'],
])('refuses %j by name', (pattern, reason) => {
  expect(() => parseEventPattern(pattern)).toThrow(reason);
});
