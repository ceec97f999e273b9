import { revocationText } from '../../../bin/revoke/revoke';
import { revokeCertificates } from '../../../bin/revoke/revoke-certificates';
import { showClient } from '../../../bin/shared/inventory';
import { certificateOf, clientOf, externalClientOf, MemoryMesh, NOW } from '../shared/memory-mesh';

async function revoke(mesh: MemoryMesh, selection: Parameters<typeof revokeCertificates>[2]): Promise<string> {
  const revoked = await revokeCertificates(mesh, 'mail', selection, 'KEY_COMPROMISE');
  return revocationText(await showClient(mesh, 'mail'), selection, revoked, NOW);
}

const serialNumber = (number: string) => ({ kind: 'serialNumber', serialNumber: number }) as const;

test('says which certificates the client may still use', async () => {
  const mesh = new MemoryMesh([clientOf('mail')], [certificateOf('mail', '0A'), certificateOf('mail', '0B')]);

  expect(await revoke(mesh, serialNumber('0A'))).toBe(
    'mail 0A is revoked (KEY_COMPROMISE)\nmail 0B is still accepted, until 2026-11-27T00:00:00.000Z',
  );
  expect(await revoke(mesh, serialNumber('0A'))).toBe(
    'mail 0A is already revoked, since 2026-11-22T12:00:00.000Z (KEY_COMPROMISE)\n' +
      'mail 0B is still accepted, until 2026-11-27T00:00:00.000Z',
  );
  expect(await revoke(mesh, { kind: 'all' })).toBe('mail 0B is revoked (KEY_COMPROMISE)');
  expect(await revoke(mesh, { kind: 'all' })).toBe('mail has no certificate left to revoke');
});

test('says that certificates of a trust anchor still let the client in', async () => {
  const mesh = new MemoryMesh([clientOf('mail'), externalClientOf('mail')], [certificateOf('mail', '0A')]);

  expect(await revoke(mesh, { kind: 'all' })).toBe(
    'mail 0A is revoked (KEY_COMPROMISE)\n' +
      'mail is still accepted with certificates of the trust anchor partner ' +
      '(SPIFFE_ID spiffe://partner.example.com/mail): run `mtls-mesh disable mail` to refuse it',
  );
});

test('a disabled client has nothing left to come in with', async () => {
  const mesh = new MemoryMesh(
    [clientOf('mail', { state: 'DISABLED' }), externalClientOf('mail', { state: 'DISABLED' })],
    [certificateOf('mail', '0A'), certificateOf('mail', '0B')],
  );

  expect(await revoke(mesh, serialNumber('0A'))).toBe('mail 0A is revoked (KEY_COMPROMISE)');
});
