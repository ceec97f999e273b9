import type { X509Certificate } from 'node:crypto';
import { issuerText, notAfterOf, notBeforeOf, subjectText } from './certificate-fields';

export class ChainError extends Error {
  override readonly name = 'ChainError';
}

/**
 * Checks that the first of `authorities` issued `certificate`, each authority issued the one before it, and the last
 * one is a root (RFC 5280, section 6.1). The checks cover signatures, names, key identifiers, validity, and whether
 * each authority may issue certificates. Path lengths are checked when authorities are published (truststore.ts).
 *
 * @param authorities the issuing authority first, the root last
 * @throws ChainError for the first check that fails
 */
export function verifyChain(certificate: X509Certificate, authorities: readonly X509Certificate[], at: Date): void {
  const root = authorities.at(-1);
  if (root === undefined) throw new ChainError('the chain has no certificate authority');
  for (const one of [certificate, ...authorities]) assertValidAt(one, at);
  for (const authority of authorities) assertAuthority(authority);
  let subject = certificate;
  for (const issuer of [...authorities, root]) {
    assertIssuedBy(subject, issuer);
    subject = issuer;
  }
}

/**
 * Checks that `authorities` contain a chain from the certificate to a root, with every authority valid at the given
 * time. Authorities are identified by name and key, so an authority that was reissued with the same key counts as the
 * same.
 *
 * @param authorities in any order, possibly with authorities outside the chain
 * @throws ChainError with the certificate whose issuer is missing
 */
export function verifyTrust(certificate: X509Certificate, authorities: readonly X509Certificate[], at: Date): void {
  const usable = authorities.filter(
    (authority) => authority.ca && notBeforeOf(authority) <= at && at <= notAfterOf(authority),
  );
  const orphan = orphanAbove(certificate, usable, []);
  if (orphan === undefined) return;
  throw new ChainError(`"${subjectText(orphan)}" was issued by "${issuerText(orphan)}", which is missing or not valid`);
}

/** The certificate whose issuer is missing, or undefined for a complete chain. */
function orphanAbove(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  below: readonly X509Certificate[],
): X509Certificate | undefined {
  let orphan = certificate;
  for (const issuer of authorities) {
    if (below.includes(issuer) || !isIssuedBy(certificate, issuer)) continue;
    if (isIssuedBy(issuer, issuer)) return undefined;
    const above = orphanAbove(issuer, authorities, [...below, issuer]);
    if (above === undefined) return undefined;
    orphan = above;
  }
  return orphan;
}

/** @throws ChainError if the certificate is not yet valid or has expired */
export function assertValidAt(certificate: X509Certificate, at: Date): void {
  const notBefore = notBeforeOf(certificate);
  const notAfter = notAfterOf(certificate);
  // A comparison with a time that can't be parsed is false.
  if (!(at >= notBefore)) {
    throw new ChainError(`the certificate "${subjectText(certificate)}" is not valid before ${timeText(notBefore)}`);
  }
  if (!(at <= notAfter)) {
    throw new ChainError(`the certificate "${subjectText(certificate)}" expired at ${timeText(notAfter)}`);
  }
}

function timeText(time: Date): string {
  return Number.isNaN(time.getTime()) ? 'a time that cannot be read' : time.toISOString();
}

/** Whether `issuer` names and signs `certificate`. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function assertAuthority(certificate: X509Certificate): void {
  // OpenSSL checks the basic constraints and, if present, the key usage.
  if (!certificate.ca) {
    throw new ChainError(`the certificate "${subjectText(certificate)}" is not a CA certificate`);
  }
}

function assertIssuedBy(certificate: X509Certificate, issuer: X509Certificate): void {
  const names = `"${subjectText(certificate)}" was not issued by "${subjectText(issuer)}"`;
  if (!certificate.checkIssued(issuer)) throw new ChainError(`${names}: issuer and subject differ`);
  if (!certificate.verify(issuer.publicKey)) throw new ChainError(`${names}: the signature does not verify`);
}
