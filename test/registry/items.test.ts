import { toItem } from '../../aws/dynamodb';
import { certificateFromItem } from '../../registry/items';
import { certificateKey } from '../../registry/records';
import { certificateOf } from './registry-entries';

const certificate = certificateOf({
  currentSince: '2026-11-22T12:00:00.000Z',
  refuseAfter: '2026-11-25T12:00:00.000Z',
});
const item = toItem({ ...certificateKey(certificate.clientName, certificate.fingerprint), ...certificate });

test('a certificate is read as it was written', () => {
  expect(certificateFromItem(item)).toEqual(certificate);
});

describe.each(['notBefore', 'notAfter', 'authoritiesNotAfter', 'issuedAt', 'currentSince', 'refuseAfter'])(
  'the time %s of a certificate',
  (name) => {
    test.each([
      '',
      'never',
      'NaN',
      '2026-11-31',
      '2026-11-22T12:00:00Z',
      '2026-11-22T12:00:00.000+01:00',
      '2026-13-22T12:00:00.000Z',
      '2026-11-22T25:00:00.000Z',
      ' 2026-11-22T12:00:00.000Z',
      '9999999999999',
    ])('is not read from %j, because comparisons with it would be wrong', (text) => {
      expect(() => certificateFromItem({ ...item, [name]: { S: text } })).toThrow(
        `the attribute "${name}" of the registry's item CLIENT#mail CERTIFICATE#AA:BB must be a time in ISO 8601, UTC`,
      );
    });
  },
);
