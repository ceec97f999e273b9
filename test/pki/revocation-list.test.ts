import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { RevocationReason } from '../../mesh/contract';
import { REVOCATION_REASONS } from '../../mesh/contract';
import { signRootCertificate } from '../../pki/certificate-signing';
import { CertificateValueError } from '../../pki/certificate-values';
import { CRL_REASONS, type CrlReason, type RevocationListOptions, signRevocationList } from '../../pki/revocation-list';
import { createClient, createRoot as createSandboxRoot, validFor } from './authorities';
import { createSigner, type LocalSigner } from './local-signer';

const { signal } = new AbortController();
const REVOKED_AT = new Date('2026-02-03T04:05:06Z');
const REASONS = Object.keys(CRL_REASONS) as CrlReason[];

let signer: LocalSigner;
let root: X509Certificate;

beforeAll(async () => {
  signer = await createSigner();
  root = new X509Certificate(
    await signRootCertificate({ subject: { commonName: 'Root' }, ...validFor(3650) }, signer, signal),
  );
});

function signList(options: Partial<RevocationListOptions> = {}): Promise<Buffer> {
  const updates = { thisUpdate: new Date('2026-03-01T00:00:00Z'), nextUpdate: new Date('2026-03-08T00:00:00Z') };
  return signRevocationList({ issuer: root, number: 1n, entries: [], ...updates, ...options }, signer, signal);
}

const entryOf = (serialNumber: string, reason: CrlReason = 'SUPERSEDED') => ({
  serialNumber,
  revokedAt: REVOKED_AT,
  reason,
});

test('the reasons are those of a mesh', () => {
  const reasons: readonly RevocationReason[] = REASONS;
  const meshReasons: readonly CrlReason[] = REVOCATION_REASONS;
  expect([...reasons].sort()).toEqual([...meshReasons].sort());
});

test('@peculiar/x509 verifies a list, and reads its fields', async () => {
  const entries = REASONS.map((reason, index) => entryOf(`A${index}`, reason));
  const list = new x509.X509Crl(await signList({ number: 300n, entries }));

  expect(await list.verify({ publicKey: new x509.X509Certificate(root.raw) })).toBe(true);
  expect(list.version).toBe(1);
  expect(list.issuer).toBe('CN=Root');
  expect(list.thisUpdate).toEqual(new Date('2026-03-01T00:00:00Z'));
  expect(list.nextUpdate).toEqual(new Date('2026-03-08T00:00:00Z'));
  expect(
    list.entries.map(({ serialNumber, revocationDate, reason = 0 }) => ({ serialNumber, revocationDate, reason })),
  ).toEqual(
    REASONS.map((reason, index) => ({
      serialNumber: `a${index}`,
      revocationDate: REVOKED_AT,
      reason: CRL_REASONS[reason],
    })),
  );
  expect(list.extensions.map(({ type, critical }) => [type, critical])).toEqual([
    ['2.5.29.35', false],
    ['2.5.29.20', false],
  ]);
});

test('an unspecified reason is not written', async () => {
  const [unspecified, superseded] = new x509.X509Crl(
    await signList({ entries: [entryOf('01', 'UNSPECIFIED'), entryOf('02')] }),
  ).entries;
  expect([unspecified?.extensions.length, superseded?.extensions.length]).toEqual([0, 1]);
});

test.each<[string, Partial<RevocationListOptions>, string]>([
  ['a negative number', { number: -1n }, 'number must not be negative'],
  ['a number of 21 octets', { number: 1n << 159n }, 'number must not be negative and must have at most 20 octets'],
  ['no time until the next', { nextUpdate: new Date('2026-03-01T00:00:00Z') }, 'nextUpdate must be later'],
  ['an invalid time', { nextUpdate: new Date(Number.NaN) }, 'nextUpdate must be a time'],
  ['the serial number 0', { entries: [entryOf('00')] }, 'serialNumber must be'],
  ['a certificate twice', { entries: [entryOf('0A'), entryOf('0B'), entryOf('a')] }, 'entries must name every'],
])('a list with %s is refused', async (_, options, message) => {
  const refusal = expect.objectContaining({ message: expect.stringContaining(message) });
  await expect(signList(options)).rejects.toThrow(CertificateValueError);
  await expect(signList(options)).rejects.toEqual(refusal);
});

test('a list of an issuer that is none, or has another key, is refused', async () => {
  const other = await createSandboxRoot('Root');
  const client = await createClient(other, 'mail');
  await expect(signList({ issuer: client.certificate })).rejects.toThrow('must have the certificate of an authority');
  await expect(signList({ issuer: other.certificate })).rejects.toThrow("the signer's key must be the one");
});
