import { reportedRevocationIn } from '../../../lambda/revocation-list-publisher/reported-revocation';

const EVENT = {
  source: 'mtls-service-mesh',
  'detail-type': 'Certificate Revoked',
  time: '2026-11-28T12:00:00Z',
  detail: { trustDomain: 'mesh.example.com', clientName: 'mail', fingerprint: 'AA:BB' },
};

test('an event of a revocation names the certificate and the time', () => {
  expect(reportedRevocationIn(EVENT)).toEqual({
    certificate: { partitionKey: 'CLIENT#mail', sortKey: 'CERTIFICATE#AA:BB' },
    at: new Date('2026-11-28T12:00:00Z'),
  });
});

test.each([
  undefined,
  null,
  'text',
  [],
  {},
  { ...EVENT, detail: null },
  { ...EVENT, detail: { clientName: 'mail' } },
  { ...EVENT, detail: { clientName: ['mail'], fingerprint: {} } },
  { ...EVENT, time: 'yesterday' },
  { ...EVENT, time: 5 },
  { source: 'aws.events', 'detail-type': 'Scheduled Event', time: '2026-11-28T12:00:00Z', detail: {} },
])('%j reports no revocation', (event) => {
  expect(reportedRevocationIn(event)).toBeUndefined();
});
