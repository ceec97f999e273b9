import type { RegistryCertificate, RevocationReason } from '../../registry/records';
import { sentenceOf } from '../failure';
import { showIssuedClient, standingOf } from './inventory';
import { type OperatedMesh, OperatorError } from './mesh';

/** Which of a client's certificates. */
export type Selection =
  | { readonly kind: 'all' }
  | { readonly kind: 'version'; readonly secretVersionId: string }
  | {
      readonly kind: 'serialNumber';
      /** Hexadecimal, in either case, with or without colons and leading zeros. */
      readonly serialNumber: string;
      /** The issuer's distinguished name as the registry has it; needed only when two issuers gave the number. */
      readonly issuer?: string;
    };

/** What came of one certificate. */
export interface RevokedCertificate {
  readonly certificate: RegistryCertificate;
  /** It was revoked before, and its reason stays the one given then. */
  readonly already: boolean;
  /** What could not follow, and why; the mesh refuses the certificate all the same. */
  readonly failures: readonly string[];
}

/**
 * Revokes certificates of a client: in the registry, which the mesh's authorizer obeys within seconds, and then at their
 * authority. `all` are those that would still be accepted. What is revoked already counts as done, but an authority that
 * has not been told of it is told.
 *
 * @throws OperatorError when the client or the certificate is unknown; it names those there are; and for a client whose
 * certificates come from another authority
 */
export async function revoke(
  mesh: OperatedMesh,
  clientName: string,
  selection: Selection,
  reason: RevocationReason,
): Promise<readonly RevokedCertificate[]> {
  const { certificates } = await showIssuedClient(mesh, clientName);
  const selected = select(mesh, clientName, certificates, selection);
  const revokedBy = await mesh.operator();

  // All of them in the registry first: that is what stops their holders.
  const marked: Omit<RevokedCertificate, 'failures'>[] = [];
  for (const certificate of selected) {
    const revocation = { revokedAt: mesh.now().toISOString(), revokedBy, revocationReason: reason };
    const already = certificate.status === 'REVOKED' || !(await mesh.registry.markRevoked(certificate, revocation));
    marked.push({ certificate: already ? certificate : { ...certificate, status: 'REVOKED', ...revocation }, already });
  }

  const revoked: RevokedCertificate[] = [];
  for (const { certificate, already } of marked) {
    const followed = [tellAuthority(mesh, certificate, reason), ...(already ? [] : [announce(mesh, certificate)])];
    const failures = (await Promise.all(followed)).filter((failure) => failure !== undefined);
    revoked.push({ certificate, already, failures });
  }
  return revoked;
}

function select(
  { trustDomain, now }: OperatedMesh,
  clientName: string,
  certificates: readonly RegistryCertificate[],
  selection: Selection,
): readonly RegistryCertificate[] {
  if (selection.kind === 'all') {
    const at = now();
    return certificates.filter((certificate) => {
      const { notAfter, revokedAtAuthority } = certificate;
      const standing = standingOf(certificate, at);
      const untold = standing === 'REVOKED' && revokedAtAuthority === undefined && Date.parse(notAfter) > at.getTime();
      return standing === 'ISSUED' || untold;
    });
  }
  const selected = certificates.filter((certificate) => isSelected(certificate, selection));
  if (selected.length === 0) {
    const known = certificates.map(
      ({ serialNumber, secretVersionId }) =>
        `${serialNumber} (${secretVersionId ? `version ${secretVersionId}` : 'in no secret'})`,
    );
    throw new OperatorError(
      `the client ${clientName} of ${trustDomain} has no such certificate; it has ${known.join(', ') || 'none'}`,
    );
  }
  const issuers = new Set(selected.map(({ issuer }) => issuer));
  if (selection.kind === 'serialNumber' && issuers.size > 1) {
    throw new OperatorError(`more than one issuer gave that serial number: ${[...issuers].join('; ')}`);
  }
  return selected;
}

function isSelected(certificate: RegistryCertificate, selection: Exclude<Selection, { kind: 'all' }>): boolean {
  if (selection.kind === 'version') return certificate.secretVersionId === selection.secretVersionId;
  const { serialNumber, issuer = certificate.issuer } = selection;
  return bareHex(certificate.serialNumber) === bareHex(serialNumber) && certificate.issuer === issuer;
}

function bareHex(serialNumber: string): string {
  return serialNumber.replaceAll(':', '').replace(/^0+/, '').toUpperCase();
}

/** Resolves to what failed, if anything did. */
async function tellAuthority(
  { authority, registry, now }: OperatedMesh,
  certificate: RegistryCertificate,
  reason: RevocationReason,
): Promise<string | undefined> {
  if (certificate.revokedAtAuthority !== undefined) return undefined;
  try {
    await authority.revoke(certificate, certificate.revocationReason ?? reason);
    await registry.markAuthorityTold(certificate, now().toISOString());
    return undefined;
  } catch (error) {
    return `the authority could not be told, and will be within the hour: ${sentenceOf(error)}`;
  }
}

/** Resolves to what failed, if anything did. */
async function announce({ trustDomain, events }: OperatedMesh, certificate: RegistryCertificate) {
  const { clientName, spiffeId, serialNumber, fingerprint, notAfter, revocationReason: reason } = certificate;
  try {
    const detail = { trustDomain, clientName, spiffeId, serialNumber, fingerprint, notAfter, reason };
    await events.put('Certificate Revoked', detail);
    return undefined;
  } catch (error) {
    return `the event could not be sent: ${sentenceOf(error)}`;
  }
}
