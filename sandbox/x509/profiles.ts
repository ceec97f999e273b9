/**
 * The extensions that ACM PCA's templates put into a certificate.
 * https://docs.aws.amazon.com/privateca/latest/userguide/template-definitions.html
 */
import {
  BasicConstraints,
  CRLDistributionPoints,
  DistributionPoint,
  DistributionPointName,
  ExtendedKeyUsage,
  type Extension,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_cRLDistributionPoints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
} from '@peculiar/asn1-x509';
import { extension } from './certificate';
import { encodeSubjectAlternativeNames, type SubjectAlternativeNames } from './names';

/** `RootCACertificate/V1`: without a path length. */
export function rootAuthorityExtensions(): Extension[] {
  return authorityExtensions(new BasicConstraints({ cA: true }));
}

/** `SubordinateCACertificate_PathLen<n>/V1`: up to `pathLength` authorities may be below this one. */
export function subordinateAuthorityExtensions(pathLength: number): Extension[] {
  return authorityExtensions(new BasicConstraints({ cA: true, pathLenConstraint: pathLength }));
}

/** `EndEntityClientAuthCertificate/V1` and its passthrough variants. */
export function clientExtensions(names: SubjectAlternativeNames): Extension[] {
  return endEntityExtensions(names, id_kp_clientAuth);
}

/** `EndEntityServerAuthCertificate/V1` and its passthrough variants. */
export function serverExtensions(names: SubjectAlternativeNames): Extension[] {
  return endEntityExtensions(names, id_kp_serverAuth);
}

/** `EndEntityCertificate/V1` and its passthrough variants: for TLS servers and clients. */
export function serverAndClientExtensions(names: SubjectAlternativeNames): Extension[] {
  return endEntityExtensions(names, id_kp_serverAuth, id_kp_clientAuth);
}

/** Where the revocation list of the certificate is (RFC 5280, section 4.2.1.13). */
export function distributionPointExtension(url: string): Extension {
  return extension(
    id_ce_cRLDistributionPoints,
    new CRLDistributionPoints([new DistributionPoint({ distributionPoint: distributionPointName(url) })]),
  );
}

export function distributionPointName(url: string): DistributionPointName {
  return new DistributionPointName({ fullName: [new GeneralName({ uniformResourceIdentifier: url })] });
}

/**
 * The extensions of a request that a CSRPassthrough template passes on: all except those that the template defines and
 * those that depend on names and keys.
 */
export function passedExtensions(defined: readonly Extension[], requested: readonly Extension[]): Extension[] {
  const decided = [id_ce_subjectAltName, id_ce_subjectKeyIdentifier, id_ce_authorityKeyIdentifier];
  const kinds = new Set([...decided, ...defined.map(({ extnID }) => extnID)]);
  return requested.filter(({ extnID }) => !kinds.has(extnID));
}

function authorityExtensions(basicConstraints: BasicConstraints): Extension[] {
  const usage = KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign;
  return [
    extension(id_ce_basicConstraints, basicConstraints, true),
    extension(id_ce_keyUsage, new KeyUsage(usage), true),
  ];
}

function endEntityExtensions(names: SubjectAlternativeNames, ...purposes: string[]): Extension[] {
  const usage = KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment;
  return [
    ...alternativeNamesExtension(names),
    extension(id_ce_basicConstraints, new BasicConstraints()),
    extension(id_ce_keyUsage, new KeyUsage(usage), true),
    extension(id_ce_extKeyUsage, new ExtendedKeyUsage(purposes)),
  ];
}

function alternativeNamesExtension(names: SubjectAlternativeNames): Extension[] {
  const encoded = encodeSubjectAlternativeNames(names);
  return encoded.length === 0 ? [] : [extension(id_ce_subjectAltName, encoded)];
}
