import { ACTIONS } from '../../../bin/console/actions';
import type { ActionResult } from '../../../bin/console/state';
import { certificateOf, clientOf, exampleMesh, type MemoryMesh, OPERATOR, partnerMesh } from '../shared/memory-mesh';

function act(mesh: MemoryMesh, verb: string, clientName: string, body: object = {}): Promise<ActionResult> {
  const action = ACTIONS.get(verb);
  if (action === undefined) throw new Error(`no action ${verb}`);
  return action(mesh, clientName, body);
}

const REVOCATION = { reason: 'KEY_COMPROMISE', certificates: 'all', rotate: false };

/** Has the issuer finish a rotation. */
function rotateAtOnce(mesh: MemoryMesh): void {
  mesh.onRotate = (secretVersionId) => {
    mesh.registry.certificates.set('FI:NG:0E', certificateOf('mail', '0E', { secretVersionId }));
  };
}

test('a rotation says what the new certificate is', async () => {
  const mesh = exampleMesh();
  rotateAtOnce(mesh);
  await expect(act(mesh, 'rotate', 'mail')).resolves.toEqual({
    done: ['mail has a new certificate: 0E, valid until 2026-11-27T00:00:00.000Z'],
    failures: [],
  });
});

test.each([
  ['disabled', 'social', 'the client social is disabled and is not rotated: enable it first'],
  ['unknown', 'nobody', 'has no client "nobody"'],
])('a client that is %s is not rotated', async (_, clientName, message) => {
  const mesh = exampleMesh();
  await expect(act(mesh, 'rotate', clientName)).rejects.toThrow(message);
  expect(mesh.rotated).toEqual([]);
});

test('a revocation of all certificates says what is revoked, and the registry records the operator', async () => {
  const mesh = exampleMesh();
  const { done, failures } = await act(mesh, 'revoke', 'mail', REVOCATION);
  expect(failures).toEqual([]);
  expect(done).toEqual(
    expect.arrayContaining(['mail 0B is revoked (KEY_COMPROMISE)', 'mail 0A is revoked (KEY_COMPROMISE)']),
  );
  expect(mesh.certificate('0B')).toMatchObject({ status: 'REVOKED', revokedBy: OPERATOR });
});

test('a revocation of one certificate says which others the mesh still accepts', async () => {
  const mesh = exampleMesh();
  const certificates = { serialNumber: '0A', issuer: 'CN=mesh.example.com' };
  const { done } = await act(mesh, 'revoke', 'mail', { ...REVOCATION, certificates });
  expect(done).toContain('mail 0A is revoked (KEY_COMPROMISE)');
  expect(done).toContain('mail 0B is still accepted, until 2026-11-27T00:00:00.000Z');
  expect(mesh.certificate('0B').status).toBe('ISSUED');
});

test('a certificate of another issuer is not revoked', async () => {
  const mesh = exampleMesh();
  const certificates = { serialNumber: '0A', issuer: 'CN=other' };
  await expect(act(mesh, 'revoke', 'mail', { ...REVOCATION, certificates })).rejects.toThrow('has no such certificate');
  expect(mesh.steps).toEqual([]);
});

test('what failed after a revocation is told beside what was done', async () => {
  const mesh = exampleMesh();
  mesh.failures.authority = new Error('the authority is gone');
  const certificates = { serialNumber: '0A', issuer: 'CN=mesh.example.com' };
  const { done, failures } = await act(mesh, 'revoke', 'mail', { ...REVOCATION, certificates });
  expect(done).toContain('mail 0A is revoked (KEY_COMPROMISE)');
  expect(failures).toEqual([expect.stringContaining('the authority is gone')]);
});

test('a rotation follows a revocation, and does not begin if it could not end', async () => {
  const mesh = exampleMesh();
  rotateAtOnce(mesh);
  const { done } = await act(mesh, 'revoke', 'mail', { ...REVOCATION, rotate: true });
  expect(done.at(-1)).toMatch(/^mail has a new certificate: 0E/);

  const disabled = exampleMesh();
  await expect(act(disabled, 'revoke', 'social', { ...REVOCATION, rotate: true })).rejects.toThrow('enable it first');
  expect(disabled.steps).toEqual([]);
});

test('a rotation that can not start leaves the revocation done', async () => {
  const mesh = exampleMesh();
  mesh.failures.secrets = new Error('no permission');
  const { done, failures } = await act(mesh, 'revoke', 'mail', { ...REVOCATION, rotate: true });
  expect(done).toContain('mail 0B is revoked (KEY_COMPROMISE)');
  expect(failures).toEqual(['there is no new certificate: no permission']);
});

test('an external client is disabled and enabled, and its certificates are not revoked', async () => {
  const mesh = partnerMesh();
  await expect(act(mesh, 'enable', 'billing')).resolves.toEqual({ done: ['billing is enabled'], failures: [] });
  await expect(act(mesh, 'revoke', 'billing', REVOCATION)).rejects.toThrow('the trust anchor partner issues');
});

test('an enabled client without a certificate is told with what to do', async () => {
  const mesh = exampleMesh();
  mesh.registry.clients.set('new', clientOf('new', { state: 'DISABLED' }));
  await expect(act(mesh, 'enable', 'new')).resolves.toEqual({
    done: ['new is enabled'],
    failures: ['new has no certificate that the mesh accepts: run `mtls-mesh rotate new`'],
  });
});
