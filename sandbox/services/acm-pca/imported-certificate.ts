import type { KeyObject, X509Certificate } from 'node:crypto';
import {
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_extKeyUsage,
  id_ce_inhibitAnyPolicy,
  id_ce_issuerAltName,
  id_ce_keyUsage,
  id_ce_policyMappings,
  id_ce_subjectAltName,
  id_ce_subjectDirectoryAttributes,
  id_ce_subjectKeyIdentifier,
  id_pe_subjectInfoAccess,
} from '@peculiar/asn1-x509';
import { AwsError } from '../../endpoint/api';
import { criticalExtensionsOf, isIssuedBy, isValidAt, mayCertify, pathLengthOf } from '../../x509/certificate';
import { PemError, readCertificates } from '../../x509/pem';

export interface InstalledCertificate {
  readonly certificate: X509Certificate;
  readonly pem: string;
  /** PEM of the authorities above. Absent for a root. */
  readonly chainPem?: string | undefined;
  /** How many authorities may be below this one. Absent without a limit. */
  readonly pathLength?: number | undefined;
}

export interface ImportOptions {
  /** The authority's private key. */
  readonly key: KeyObject;
  readonly type: 'ROOT' | 'SUBORDINATE';
  readonly at: Date;
}

/** Those that an imported certificate may mark critical. AWS rejects all others. */
const CRITICAL: readonly string[] = [
  id_ce_basicConstraints,
  id_ce_subjectAltName,
  id_ce_keyUsage,
  id_ce_extKeyUsage,
  id_ce_authorityKeyIdentifier,
  id_ce_subjectKeyIdentifier,
  id_ce_issuerAltName,
  id_ce_subjectDirectoryAttributes,
  id_pe_subjectInfoAccess,
  id_ce_certificatePolicies,
  id_ce_policyMappings,
  id_ce_inhibitAnyPolicy,
];

/**
 * Checks the certificate of an authority, which another authority may have signed, wherever that is.
 * https://docs.aws.amazon.com/privateca/latest/APIReference/API_ImportCertificateAuthorityCertificate.html
 * @param chainPem the authority that signed it first, and the root last. Absent for a root.
 * @throws AwsError `MalformedCertificateException`, `CertificateMismatchException`
 */
export function importCertificate(
  certificatePem: string,
  chainPem: string | undefined,
  { key, type, at }: ImportOptions,
): InstalledCertificate {
  const [certificate, ...others] = readPem(certificatePem);
  if (certificate === undefined || others.length > 0) throw malformed('Certificate must be exactly one certificate');
  if (!certificate.checkPrivateKey(key)) throw mismatch("the certificate is not for the authority's key");
  const chain = chainPem === undefined || chainPem === '' ? [] : readPem(chainPem);
  const isRoot = type === 'ROOT';
  if (isRoot && chain.length > 0) throw malformed('CertificateChain must be left out for a root');
  if (!isRoot && chain.length === 0) throw malformed('CertificateChain must be given for a subordinate');
  assertAuthorities([certificate, ...chain]);
  assertPath(certificate, isRoot ? [certificate] : chain, at);
  return {
    certificate,
    pem: certificatePem.trim(),
    chainPem: chain.length === 0 ? undefined : chainPem?.trim(),
    pathLength: pathLengthOf(certificate),
  };
}

function assertAuthorities(certificates: readonly X509Certificate[]): void {
  for (const certificate of certificates) {
    const name = certificate.subject.replaceAll('\n', ', ');
    if (!certificate.ca) throw malformed(`the certificate of ${name} is not one of an authority`);
    if (!mayCertify(certificate)) throw malformed(`the key usage of ${name} doesn't allow it to sign certificates`);
    const critical = criticalExtensionsOf(certificate);
    if (!critical.includes(id_ce_basicConstraints)) {
      throw malformed(`the basic constraints of ${name} must be critical`);
    }
    const refused = critical.find((oid) => !CRITICAL.includes(oid));
    if (refused !== undefined) throw malformed(`the extension ${refused} of ${name} must not be critical`);
  }
}

/** @param authorities the issuing authority first, the root last */
function assertPath(certificate: X509Certificate, authorities: readonly X509Certificate[], at: Date): void {
  const isOwnRoot = authorities[0] === certificate;
  const path = isOwnRoot ? authorities : [certificate, ...authorities];
  if (!isOwnRoot && authorities.some(({ raw }) => raw.equals(certificate.raw))) {
    throw malformed('CertificateChain must not include the certificate of the authority');
  }
  if (!path.every((one) => isValidAt(one, at))) throw mismatch('a certificate of the chain is not valid');
  const isComplete = path.every((one, place) => isIssuedBy(one, path[place + 1] ?? one));
  if (!isComplete) throw mismatch('the certificates do not form a chain that ends in a root');
  // RFC 5280, section 4.2.1.9. Every certificate before it in the path is one of an authority.
  const short = path.find((one, place) => place > (pathLengthOf(one) ?? Number.POSITIVE_INFINITY));
  if (short === undefined) return;
  throw mismatch(
    `the path length of ${short.subject.replaceAll('\n', ', ')} doesn't allow so many authorities below it`,
  );
}

function readPem(pem: string): readonly X509Certificate[] {
  try {
    return readCertificates(pem);
  } catch (error) {
    if (error instanceof PemError) throw malformed(error.message);
    throw error;
  }
}

function malformed(reason: string): AwsError {
  return new AwsError('MalformedCertificateException', reason);
}

function mismatch(reason: string): AwsError {
  return new AwsError('CertificateMismatchException', reason);
}
