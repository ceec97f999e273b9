import { AwsCallError } from '../../../aws/aws-error';
import { listClients, showClient } from '../../../bin/operator/inventory';
import { clientAsJson, clientAsText, listAsJson, listAsTable } from '../../../bin/operator/report';
import { certificateOf, clientOf, externalClientOf, MemoryMesh, NOW } from './memory-mesh';

const mesh = new MemoryMesh(
  [clientOf('social', { state: 'DISABLED' }), clientOf('mail'), clientOf('new')],
  [
    certificateOf('mail', '0A'),
    certificateOf('mail', '0C', {
      issuedAt: '2026-11-22T11:59:00.000Z',
      issuedBy: 'rotation',
      currentSince: undefined,
    }),
    certificateOf('mail', '0B', {
      issuedAt: '2026-11-22T08:00:00.000Z',
      issuedBy: 'rotation',
      currentSince: '2026-11-22T08:00:02.000Z',
    }),
    certificateOf('social', '0D', {
      status: 'REVOKED',
      revokedAt: '2026-11-21T00:00:00.000Z',
      revokedBy: 'alex',
      revocationReason: 'KEY_COMPROMISE',
    }),
  ],
);

test('the current certificate is the one issued last of those that became current, not a pending one', async () => {
  const { current, certificates, lastRotation } = await showClient(mesh, 'mail');
  expect(current?.serialNumber).toBe('0B');
  expect(lastRotation).toBe('2026-11-22T08:00:02.000Z');
  expect(certificates.map(({ serialNumber }) => serialNumber)).toEqual(['0C', '0B', '0A']);
});

test('clients are listed by name, each as a line of JSON', async () => {
  const lines = listAsJson(await listClients(mesh), NOW).split('\n');
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
  const text = listAsTable(await listClients(mesh), NOW);
  expect(text).toMatch(/│ mail +│ ENABLED +│ 0B +│ 2026-11-27T00:00:00.000Z +│ ISSUED +│ 2026-11-22T08:00:02.000Z │/);
  expect(text).toMatch(/│ new +│ ENABLED +│ +│ +│ +│ +│/);
  expect(text).toMatch(/│ social +│ DISABLED +│ 0D +│ 2026-11-27T00:00:00.000Z +│ REVOKED +│ +│/);
});

test('a client is shown with every certificate and the issuer that `revoke` takes', async () => {
  const text = clientAsText(await showClient(mesh, 'social'), NOW);
  expect(text).toMatch(/^State +DISABLED since .* by deployment$/m);
  expect(text).toMatch(/│ 0D +│ version-0D +│.*│ REVOKED, current/);
  expect(text).toContain('by alex');
  expect(text).toContain('Issuer: CN=mesh.example.com');

  const json = JSON.parse(clientAsJson(await showClient(mesh, 'mail'), NOW));
  expect(json).toMatchObject({ clientName: 'mail', certificates: [{}, { serialNumber: '0B', current: true }, {}] });
});

describe('an external client', () => {
  const partners = new MemoryMesh(
    [clientOf('mail'), externalClientOf('billing', { state: 'DISABLED' })],
    [certificateOf('mail', '0A')],
  );

  test('is listed with its trust anchor and without an expiry', async () => {
    const clients = await listClients(partners);
    expect(JSON.parse(listAsJson(clients, NOW).split('\n')[0] ?? '')).toEqual({
      clientName: 'billing',
      spiffeId: 'spiffe://mesh.example.com/billing',
      state: 'DISABLED',
      trustAnchor: 'partner',
      identityKind: 'SPIFFE_ID',
      identityValue: 'spiffe://partner.example.com/billing',
    });
    expect(listAsTable(clients, NOW)).toMatch(/│ billing │ DISABLED │ +│ +│ +│ +│ partner +│/);
  });

  test('is shown with where its certificates come from and what they are recognized by', async () => {
    const text = clientAsText(await showClient(partners, 'billing'), NOW);
    expect(text.split('\n')).toEqual([
      'Client         billing',
      'SPIFFE ID      spiffe://mesh.example.com/billing',
      'State          DISABLED since 2026-11-20T00:00:00.000Z by deployment',
      'Trust anchor   partner, whose first authority expires 2030-01-01T00:00:00.000Z',
      'Recognized by  SPIFFE_ID spiffe://partner.example.com/billing',
    ]);
    expect(JSON.parse(clientAsJson(await showClient(partners, 'billing'), NOW))).toMatchObject({
      trustAnchor: 'partner',
      certificates: [],
    });
  });

  test('keeps the certificates that the mesh has issued for it before', async () => {
    const before = new MemoryMesh([externalClientOf('mail')], [certificateOf('mail', '0A', { status: 'REVOKED' })]);
    expect(clientAsText(await showClient(before, 'mail'), NOW)).toMatch(/│ 0A +│ version-0A/);
  });
});

test('a mesh that does not exist is refused by name', async () => {
  const missing = new MemoryMesh([]);
  const noTable = new AwsCallError('dynamodb:Scan', 'ResourceNotFoundException', 'no such table');
  const failing = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(noTable) }) };
  missing.registry.records = missing.registry.clientRecords = () => failing;

  const refused = 'there is no mesh mesh.example.com in this account and Region: it has no registry';
  await expect(listClients(missing)).rejects.toThrow(refused);
  await expect(showClient(missing, 'mail')).rejects.toThrow(refused);
});

test('a client that keeps its own key is shown with who may request, and its certificates with who did', async () => {
  const [mail, requestedBy] = ['arn:aws:iam::123456789012:role/apps/Mail', 'arn:aws:iam::123456789012:role/Mail'];
  const client = clientOf('mail', { secretId: undefined, requesters: [mail] });
  const certificate = certificateOf('mail', '0A', { issuedBy: 'request', requestedBy, secretVersionId: undefined });
  const mesh = new MemoryMesh([client], [certificate]);

  const text = clientAsText(await showClient(mesh, 'mail'), NOW);

  expect(text).toContain('Secret         none: the client keeps its own key');
  expect(text).toContain(`May request    ${mail}`);
  expect(text).toContain(`by ${requestedBy}`);
  expect(text).toMatch(/│ 0A +│ none +│/);
});
