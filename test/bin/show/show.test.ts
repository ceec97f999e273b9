import { showClient } from '../../../bin/shared/inventory';
import { clientAsJson, clientAsText } from '../../../bin/show/show';
import {
  certificateOf,
  clientOf,
  exampleMesh,
  externalClientOf,
  MemoryMesh,
  NOW,
  partnerMesh,
} from '../shared/memory-mesh';

test('a client is shown with every certificate and the issuer that `revoke` takes', async () => {
  const text = clientAsText(await showClient(exampleMesh(), 'social'), NOW);
  expect(text).toMatch(/^State +DISABLED since .* by deployment$/m);
  expect(text).toMatch(
    /^Serial number +0D\nStatus +REVOKED, current\nRevoked +\S+Z by alex \([A-Z_]+\)\nIssued +\S+Z by \w+\nExpires +\S+Z\nSecret version +version-0D\nIssuer +CN=mesh\.example\.com/m,
  );

  const json = JSON.parse(clientAsJson(await showClient(exampleMesh(), 'mail'), NOW));
  expect(json).toMatchObject({ clientName: 'mail', certificates: [{}, { serialNumber: '0B', current: true }, {}] });
});

test('a rotation that failed is shown with its reason', async () => {
  const failure = { rotationFailedAt: '2026-11-22T11:00:00.000Z', rotationFailure: 'the authority is disabled' };
  const mesh = new MemoryMesh([clientOf('mail', failure)], [certificateOf('mail', '0A')]);
  expect(clientAsText(await showClient(mesh, 'mail'), NOW)).toMatch(
    /^Rotation failed +2026-11-22T11:00:00Z: the authority is disabled$/m,
  );
  expect(JSON.parse(clientAsJson(await showClient(mesh, 'mail'), NOW))).toMatchObject(failure);
});

test('an external client is shown with the origin of its certificates and what they are recognized by', async () => {
  const text = clientAsText(await showClient(partnerMesh(), 'billing'), NOW);
  expect(text.split('\n')).toEqual([
    'Client          billing',
    'SPIFFE ID       spiffe://mesh.example.com/billing',
    'State           DISABLED since 2026-11-20T00:00:00Z by deployment',
    'Trust anchor    partner, whose first authority expires 2030-01-01T00:00:00Z',
    'Recognized by   SPIFFE_ID spiffe://partner.example.com/billing',
  ]);
  expect(JSON.parse(clientAsJson(await showClient(partnerMesh(), 'billing'), NOW))).toMatchObject({
    trustAnchor: 'partner',
    certificates: [],
  });
});

test('an external client keeps the certificates that the mesh issued for it before', async () => {
  const before = new MemoryMesh([externalClientOf('mail')], [certificateOf('mail', '0A', { status: 'REVOKED' })]);
  expect(clientAsText(await showClient(before, 'mail'), NOW)).toMatch(
    /^Serial number +0A\n(.*\n)+Secret version +version-0A$/m,
  );
});

test('a client that keeps its own key is shown with who may request, and its certificates with who did', async () => {
  const [mail, requestedBy] = ['arn:aws:iam::123456789012:role/apps/Mail', 'arn:aws:iam::123456789012:role/Mail'];
  const client = clientOf('mail', { secretId: undefined, requesters: [mail] });
  const certificate = certificateOf('mail', '0A', { issuedBy: 'request', requestedBy, secretVersionId: undefined });
  const mesh = new MemoryMesh([client], [certificate]);

  const text = clientAsText(await showClient(mesh, 'mail'), NOW);

  expect(text).toContain('Secret          none: the client keeps its own key');
  expect(text).toContain(`May request     ${mail}`);
  expect(text).toContain(`by ${requestedBy}`);
  expect(text).toMatch(/^Serial number +0A\n(.*\n)+Secret version +none$/m);
});

test('a client that comes in with certificates of the mesh and of a trust anchor is shown with both', async () => {
  const mesh = new MemoryMesh([clientOf('mail'), externalClientOf('mail')], [certificateOf('mail', '0A')]);

  const text = clientAsText(await showClient(mesh, 'mail'), NOW);
  expect(text).toContain('Secret          arn:aws:secretsmanager:');
  expect(text).toContain('Recognized by   SPIFFE_ID spiffe://partner.example.com/mail');
  expect(JSON.parse(clientAsJson(await showClient(mesh, 'mail'), NOW))).toMatchObject({
    secretId: expect.any(String),
    trustAnchor: 'partner',
    certificates: [{ serialNumber: '0A' }],
  });
});
