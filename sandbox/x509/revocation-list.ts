import type { KeyObject } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  CertificateList,
  CRLNumber,
  CRLReason,
  CRLReasons,
  IssuingDistributionPoint,
  id_ce_cRLNumber,
  id_ce_cRLReasons,
  id_ce_issuingDistributionPoint,
  Name,
  RevokedCertificate,
  TBSCertList,
  Time,
  Version,
} from '@peculiar/asn1-x509';
import { algorithmIdentifier, type SigningAlgorithm, signBytes } from './algorithms';
import { arrayBufferOf, authorityKeyIdentifier, extension, integerOf } from './certificate';
import { distributionPointName } from './profiles';

export interface RevokedEntry {
  /** Hexadecimal. */
  readonly serialNumber: string;
  readonly revokedAt: Date;
  readonly reason: keyof typeof CRLReasons;
}

export interface RevocationListOptions {
  /** DER of an X.501 name: the subject of the authority's certificate. */
  readonly issuer: Uint8Array;
  /** Greater than that of every earlier list. */
  readonly number: number;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly revoked: readonly RevokedEntry[];
  /** For a list of some certificates of the authority only. It becomes a critical extension. */
  readonly distributionPoint?: string | undefined;
  /** The authority's private key. */
  readonly signingKey: KeyObject;
  readonly signingAlgorithm: SigningAlgorithm;
}

/** Signs a version 2 certificate revocation list (RFC 5280, section 5), and returns it in DER. */
export function signRevocationList(options: RevocationListOptions): Buffer {
  const { distributionPoint: url, signingKey, signingAlgorithm } = options;
  const signature = algorithmIdentifier(signingAlgorithm);
  const distributionPoint = url === undefined ? undefined : distributionPointName(url);
  const tbsCertList = new TBSCertList({
    version: Version.v2,
    signature,
    issuer: AsnConvert.parse(options.issuer, Name),
    thisUpdate: new Time(options.thisUpdate),
    nextUpdate: new Time(options.nextUpdate),
    // Absent rather than empty.
    ...(options.revoked.length > 0 && { revokedCertificates: options.revoked.map(revokedCertificate) }),
    crlExtensions: [
      authorityKeyIdentifier(signingKey),
      extension(id_ce_cRLNumber, new CRLNumber(options.number)),
      ...(distributionPoint === undefined
        ? []
        : [extension(id_ce_issuingDistributionPoint, new IssuingDistributionPoint({ distributionPoint }), true)]),
    ],
  });
  const signed = Buffer.from(AsnConvert.serialize(tbsCertList));
  const list = new CertificateList({
    tbsCertList,
    signatureAlgorithm: signature,
    signature: arrayBufferOf(signBytes(signingAlgorithm, signed, signingKey)),
  });
  return Buffer.from(AsnConvert.serialize(list));
}

/** The reason `unspecified` is left out (RFC 5280, section 5.3.1). */
function revokedCertificate({ serialNumber, revokedAt, reason }: RevokedEntry): RevokedCertificate {
  const code = CRLReasons[reason];
  return new RevokedCertificate({
    userCertificate: integerOf(serialNumber),
    revocationDate: new Time(revokedAt),
    ...(code !== CRLReasons.unspecified && {
      crlEntryExtensions: [extension(id_ce_cRLReasons, new CRLReason(code))],
    }),
  });
}
