import { readRevocationOrder } from '../../../../lambda/certificate-issuer/revoke/revocation-order';
import { REVOCATION_REASONS } from '../../../../mesh/contract';

const FINGERPRINT = Array(32).fill('0A').join(':');
const OTHER = Array(32).fill('FF').join(':');
const ORDER = {
  clientName: 'mail',
  fingerprints: [FINGERPRINT, OTHER],
  reason: 'KEY_COMPROMISE',
  by: 'arn:aws:sts::111122223333:assumed-role/operator/alex',
};

test('an order is read as the command sends it', () => {
  expect(readRevocationOrder(ORDER)).toEqual(ORDER);
  expect(readRevocationOrder({ ...ORDER, by: 'Åsa 😀' }).by).toBe('Åsa 😀');
});

test('an order without fingerprints is for all certificates', () => {
  const { fingerprints: _, ...all } = ORDER;
  expect(readRevocationOrder(all)).toEqual(all);
});

test.each(REVOCATION_REASONS)('a reason is %s', (reason) => {
  expect(readRevocationOrder({ ...ORDER, reason }).reason).toBe(reason);
});

test('a list has at most a thousand fingerprints', () => {
  expect(readRevocationOrder({ ...ORDER, fingerprints: Array(1_000).fill(FINGERPRINT) }).fingerprints).toHaveLength(
    1_000,
  );
  for (const fingerprints of [Array(1_001).fill(FINGERPRINT), new Array(4_294_967_295), []]) {
    expect(() => readRevocationOrder({ ...ORDER, fingerprints })).toThrow(
      `fingerprints must have 1 to 1000 entries, got ${fingerprints.length}`,
    );
  }
});

test.each([undefined, null, true, 7, '', 'mail', [], [ORDER], () => ORDER])('no order is %p', (event) => {
  expect(() => readRevocationOrder(event)).toThrow(/^the order must be an object/);
});

/** As `JSON.parse` reads it, which gives an object a field of this name. */
const withPrototype = (value: object) => JSON.parse(`{"__proto__":${JSON.stringify(value)}}`);

test.each<[string, object]>([
  ['clientName', { clientName: undefined }],
  ['clientName', { clientName: null }],
  ['clientName', { clientName: ['mail'] }],
  ['clientName', { clientName: { toString: 'mail' } }],
  ['clientName', { clientName: '' }],
  ['clientName', { clientName: 'Mail' }],
  ['clientName', { clientName: 'mail#CLIENT' }],
  ['clientName', { clientName: '../mail' }],
  ['clientName', { clientName: 'mail\n' }],
  ['clientName', { clientName: 'ma\u0000il' }],
  ['clientName', { clientName: 'm'.repeat(64) }],
  ['clientName', { clientName: 'mаil' }],
  ['fingerprints', { fingerprints: undefined }],
  ['fingerprints', { fingerprints: null }],
  ['fingerprints', { fingerprints: FINGERPRINT }],
  ['fingerprints', { fingerprints: { 0: FINGERPRINT, length: 1 } }],
  ['fingerprints[0]', { fingerprints: [null] }],
  ['fingerprints[0]', { fingerprints: [[FINGERPRINT]] }],
  ['fingerprints[0]', { fingerprints: ['*'] }],
  ['fingerprints[1]', { fingerprints: [FINGERPRINT, FINGERPRINT.toLowerCase()] }],
  ['fingerprints[1]', { fingerprints: [FINGERPRINT, FINGERPRINT.replaceAll(':', '')] }],
  ['fingerprints[0]', { fingerprints: [`${FINGERPRINT}\n`] }],
  ['fingerprints[0]', { fingerprints: [` ${FINGERPRINT}`] }],
  ['fingerprints[0]', { fingerprints: [`${FINGERPRINT}:0A`] }],
  ['fingerprints[0]', { fingerprints: [FINGERPRINT.slice(3)] }],
  ['reason', { reason: undefined }],
  ['reason', { reason: null }],
  ['reason', { reason: 0 }],
  ['reason', { reason: ['KEY_COMPROMISE'] }],
  ['reason', { reason: 'keyCompromise' }],
  ['reason', { reason: 'REMOVE_FROM_CRL' }],
  ['reason', { reason: 'CERTIFICATE_HOLD' }],
  ['reason', { reason: 'constructor' }],
  ['by', { by: undefined }],
  ['by', { by: 7 }],
  ['by', { by: '' }],
  ['by', { by: 'x'.repeat(2_049) }],
  ['by', { by: 'alex\n{"event":"client-removed"}' }],
  ['by', { by: 'alex\u001b[2J' }],
  ['by', { by: 'alex\u0000' }],
  ['by', { by: 'alex\u202e' }],
  ['by', { by: 'alex\u200b' }],
  ['by', { by: 'alex\ud800' }],
  ['the order', { fingerprint: FINGERPRINT }],
  ['the order', { Fingerprints: [FINGERPRINT] }],
  ['the order', { 'fingerprints ': [FINGERPRINT] }],
  ['the order', { status: 'ISSUED' }],
  ['the order', { constructor: 'x' }],
  ['the order', withPrototype({ clientName: 'social' })],
])('an order is refused for its %s: %j', (field, changed) => {
  const event = Object.defineProperties({ ...ORDER }, Object.getOwnPropertyDescriptors(changed));
  let message = '';
  try {
    readRevocationOrder(event);
  } catch (error) {
    message = String(error);
  }
  expect(message.startsWith(`PropertyError: ${field} must `)).toBe(true);
  expect(message.length).toBeLessThan(400);
  expect(message).not.toMatch(/[\p{Cc}]/u);
});

test('what an object inherits is not in the order', () => {
  expect(() => readRevocationOrder(Object.create(ORDER))).toThrow(/^clientName must be a string/);
});
