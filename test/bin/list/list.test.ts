import { listAsJson, listAsTable } from '../../../bin/list/list';
import { listClients } from '../../../bin/shared/inventory';
import { certificateOf, clientOf, exampleMesh, MemoryMesh, NOW, partnerMesh } from '../shared/memory-mesh';

test('clients are listed by name, each as a line of JSON', async () => {
  const lines = listAsJson(await listClients(exampleMesh()), NOW).split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      clientName: 'mail',
      spiffeId: 'spiffe://mesh.example.com/mail',
      state: 'ENABLED',
      serialNumber: '0B',
      notAfter: '2026-11-27T00:00:00.000Z',
      status: 'ISSUED',
      lastRotation: '2026-11-22T08:00:02.000Z',
    },
    { clientName: 'new', spiffeId: 'spiffe://mesh.example.com/new', state: 'ENABLED' },
    expect.objectContaining({ clientName: 'social', state: 'DISABLED', serialNumber: '0D', status: 'REVOKED' }),
  ]);
});

test('the table shows state, serial number, expiry, status and last rotation of each client', async () => {
  const text = listAsTable(await listClients(exampleMesh()), NOW, 200);
  expect(text).toMatch(/│ mail +│ ENABLED +│ 0B +│ 2026-11-27T00:00:00Z +│ ISSUED +│ 2026-11-22T08:00:02Z │/);
  expect(text).toMatch(/│ new +│ ENABLED +│ +│ +│ +│ +│/);
  expect(text).toMatch(/│ social +│ DISABLED +│ 0D +│ 2026-11-27T00:00:00Z +│ REVOKED +│ +│/);
});

test('a rotation that failed takes the place of the last one', async () => {
  const failure = { rotationFailedAt: '2026-11-22T11:00:00.000Z', rotationFailure: 'the authority is disabled' };
  const mesh = new MemoryMesh([clientOf('mail', failure)], [certificateOf('mail', '0A')]);
  const clients = await listClients(mesh);
  expect(JSON.parse(listAsJson(clients, NOW))).toMatchObject(failure);
  expect(listAsTable(clients, NOW, 200)).toMatch(/ISSUED +│ failed +│/);
  expect(listAsTable(clients, NOW, 80)).toMatch(/ISSUED +│ failed +│/);
});

test('an external client is listed with its trust anchor and without an expiry', async () => {
  const clients = await listClients(partnerMesh());
  expect(JSON.parse(listAsJson(clients, NOW).split('\n')[0] ?? '')).toEqual({
    clientName: 'billing',
    spiffeId: 'spiffe://mesh.example.com/billing',
    state: 'DISABLED',
    trustAnchor: 'partner',
    identityKind: 'SPIFFE_ID',
    identityValue: 'spiffe://partner.example.com/billing',
  });
  expect(listAsTable(clients, NOW, 200)).toMatch(/│ billing │ DISABLED │ +│ +│ +│ +│ partner +│/);
});
