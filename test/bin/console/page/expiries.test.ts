import { expiriesOf } from '../../../../bin/console/page/expiries';
import type { ClientView, CurrentCertificateView } from '../../../../bin/console/state';

const NOW = '2026-11-22T12:00:00.000Z';

function client(
  clientName: string,
  notAfter: string,
  changed: Partial<ClientView & CurrentCertificateView> = {},
): ClientView {
  const { state = 'ENABLED', trustAnchor, ...certificate } = changed;
  return {
    clientName,
    nodeId: `client-${clientName}`,
    spiffeId: '',
    state,
    updatedAt: NOW,
    updatedBy: 'deployment',
    issuance: 'rotation',
    trustAnchor,
    current: {
      serialNumber: '0A',
      notBefore: NOW,
      notAfter,
      expiringFrom: notAfter,
      authoritiesNotAfter: '2036-01-01T00:00:00.000Z',
      status: 'ISSUED',
      ...certificate,
    },
  };
}

test('what expires first comes first, and an authority once', () => {
  const clients = [client('a', '2026-11-29T00:00:00.000Z'), client('b', '2026-11-25T00:00:00.000Z')];
  expect(expiriesOf(clients, NOW).map(({ what }) => what)).toEqual([
    'certificate of b',
    'certificate of a',
    'authority of the mesh',
  ]);
});

test('a certificate that should have been replaced is late', () => {
  const clients = [client('a', '2026-11-23T00:00:00.000Z', { expiringFrom: '2026-11-22T00:00:00.000Z' })];
  expect(expiriesOf(clients, NOW)[0]).toMatchObject({ what: 'certificate of a', isLate: true });
});

test('the certificates of disabled clients, and revoked ones, do not count', () => {
  const disabled = client('a', '2026-11-23T00:00:00.000Z', { state: 'DISABLED' });
  const revoked = client('b', '2026-11-23T00:00:00.000Z', { status: 'REVOKED' });
  expect(expiriesOf([disabled, revoked], NOW).map(({ what }) => what)).toEqual(['authority of the mesh']);
});

test('the authorities of trust anchors count', () => {
  const trustAnchor = {
    name: 'partner',
    identityKind: 'SUBJECT',
    identityValue: 'CN=x',
    notAfter: '2026-12-01T00:00:00.000Z',
  };
  const clients = [client('a', '2026-11-29T00:00:00.000Z', { trustAnchor })];
  expect(expiriesOf(clients, NOW)[1]).toMatchObject({ what: 'authority of the trust anchor partner' });
});
