/** Signs certificate revocation lists (RFC 5280, section 5). */
import type { X509Certificate } from 'node:crypto';
import { authorityKeyIdentifierExtension, extension } from './certificate-profiles';
import { CertificateValueError, encodeSerialNumber, encodeTime, LARGEST_INTEGER } from './certificate-values';
import { der, derInteger, derObjectIdentifier, Tag } from './der';
import { readSigningIssuer } from './issuer';
import { signatureAlgorithmIdentifier } from './signature';
import { type Signer, signContent } from './signer';

/** CRLReason of RFC 5280, section 5.3.1, with the names that ACM PCA uses. */
export const CRL_REASONS = {
  UNSPECIFIED: 0,
  KEY_COMPROMISE: 1,
  CERTIFICATE_AUTHORITY_COMPROMISE: 2,
  AFFILIATION_CHANGED: 3,
  SUPERSEDED: 4,
  CESSATION_OF_OPERATION: 5,
  PRIVILEGE_WITHDRAWN: 9,
  A_A_COMPROMISE: 10,
} as const;
export type CrlReason = keyof typeof CRL_REASONS;

export interface RevocationListEntry {
  /** Hexadecimal. */
  readonly serialNumber: string;
  readonly revokedAt: Date;
  readonly reason: CrlReason;
}

/** Fractions of a second are dropped. */
export interface RevocationListOptions {
  /** The certificate of the authority that issued the certificates and the list. Its key must be the signer's. */
  readonly issuer: X509Certificate;
  /** Higher than that of every earlier list of the authority; at most 20 octets as a DER integer. */
  readonly number: bigint;
  readonly thisUpdate: Date;
  /** The next list is published at this time or before. */
  readonly nextUpdate: Date;
  /** Every certificate once. */
  readonly entries: readonly RevocationListEntry[];
}

const CRL_NUMBER = derObjectIdentifier('2.5.29.20');
const REASON_CODE = derObjectIdentifier('2.5.29.21');

const VERSION_2 = derInteger(1);

/**
 * A complete list of version 2, for all certificates of the issuer and all reasons. So it needs no issuing distribution point
 * (RFC 5280, section 5.2.5). DER.
 *
 * @throws CertificateValueError for a value that must not be in the list, or an issuer that may not sign it
 * @throws SignatureError if the signature doesn't verify with the signer's public key
 */
export async function signRevocationList(
  { issuer, number, thisUpdate, nextUpdate, entries }: RevocationListOptions,
  signer: Signer,
  signal: AbortSignal,
): Promise<Buffer> {
  const { subject, keyIdentifier } = readSigningIssuer(issuer, 'cRLSign', signer);
  if (number < 0n || number > LARGEST_INTEGER) {
    throw new CertificateValueError('number must not be negative and must have at most 20 octets');
  }
  if (nextUpdate <= thisUpdate) throw new CertificateValueError('nextUpdate must be later than thisUpdate');
  const content = der(
    Tag.sequence,
    VERSION_2,
    signatureAlgorithmIdentifier(signer.signingAlgorithm),
    subject,
    encodeTime('thisUpdate', thisUpdate),
    encodeTime('nextUpdate', nextUpdate),
    ...encodeEntries(entries),
    der(
      Tag.context0,
      der(Tag.sequence, authorityKeyIdentifierExtension(keyIdentifier), extension(CRL_NUMBER, derInteger(number))),
    ),
  );
  return signContent(content, signer, signal);
}

/** `revokedCertificates` is absent from a list without entries (RFC 5280, section 5.1.2.6). */
function encodeEntries(entries: readonly RevocationListEntry[]): readonly Buffer[] {
  if (entries.length === 0) return [];
  const serialNumbers = new Set<string>();
  const encoded = entries.map(({ serialNumber, revokedAt, reason }) => {
    const serial = encodeSerialNumber(serialNumber);
    serialNumbers.add(serial.toString('latin1'));
    return der(Tag.sequence, serial, encodeTime('revokedAt', revokedAt), REASON_EXTENSIONS[reason]);
  });
  if (serialNumbers.size < entries.length) throw new CertificateValueError('entries must name every certificate once');
  // Not as arguments, of which a call can't have as many as a list may have entries.
  return [der(Tag.sequence, Buffer.concat(encoded))];
}

/** The `crlEntryExtensions`. Unspecified is the meaning of an entry without a reason, and not to be written. */
const REASON_EXTENSIONS = Object.fromEntries(
  Object.entries(CRL_REASONS).map(([reason, code]) => [
    reason,
    code === CRL_REASONS.UNSPECIFIED
      ? Buffer.of()
      : der(Tag.sequence, extension(REASON_CODE, der(Tag.enumerated, Buffer.of(code)))),
  ]),
) as Readonly<Record<CrlReason, Buffer>>;
