import type { KeyObject, X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { BasicConstraints, Certificate, id_ce_basicConstraints } from '@peculiar/asn1-x509';
import { issuerText, subjectKey, subjectText } from './certificate-fields';
import { assertValidAt, ChainError, isIssuedBy, verifyTrust } from './chain';
import { encodePem, PemError, readCertificates } from './pem';
import { keyWeakness, STRONG_KEYS, signatureWeakness } from './strength';

/** The verifier would reject the truststore, or accept it and refuse some clients. */
export class TruststoreError extends Error {
  override readonly name = 'TruststoreError';
}

/** What a verifier accepts in a truststore. */
export interface TruststoreLimits {
  /** The verifier's name, for error messages. */
  readonly verifier: string;
  /** Number of certificates in the longest chain of authorities, including the root. */
  readonly longestChain: number;
  /** Bytes. */
  readonly largestBundle: number;
}

/**
 * The PEM bundle to publish as a truststore: every certificate of every text, in the given order, without explanatory
 * text. A certificate that several texts contain appears once.
 *
 * @param pemTexts each may contain several certificates
 * @throws TruststoreError for the first check that fails, with the certificate's subject
 */
export function truststoreBundle(pemTexts: readonly string[], at: Date, limits: TruststoreLimits): string {
  const certificates = withoutRepetition(pemTexts.flatMap(readAuthorities));
  if (certificates.length === 0) throw new TruststoreError('a truststore needs at least one certificate authority');
  for (const certificate of certificates) {
    assertAuthority(certificate);
    assertNotExpired(certificate, at);
    assertStrongKey(certificate, limits);
    assertStrongSignature(certificate, limits);
  }
  assertDistinct(certificates, limits);
  for (const certificate of certificates) assertChainToRoot(certificate, certificates, limits);
  const bundle = certificates.map(({ raw }) => encodePem('CERTIFICATE', raw)).join('');
  if (bundle.length > limits.largestBundle) {
    throw new TruststoreError(
      `the truststore has ${bundle.length} bytes in ${certificates.length} certificates: ${limits.verifier} accepts at most ` +
        `${limits.largestBundle}, remove authorities that no client needs`,
    );
  }
  return bundle;
}

/**
 * The certificates in the texts that are valid at the given time and have a valid chain to a root, each as PEM.
 * @throws TruststoreError if a text can't be read
 */
export function validAuthorities(pemTexts: readonly string[], at: Date): readonly string[] {
  const all = pemTexts.flatMap(readAuthorities);
  return all.filter((authority) => isValid(authority, all, at)).map(({ raw }) => encodePem('CERTIFICATE', raw));
}

function isValid(authority: X509Certificate, all: readonly X509Certificate[], at: Date): boolean {
  try {
    assertValidAt(authority, at);
    verifyTrust(authority, all, at);
    return true;
  } catch (error) {
    if (error instanceof ChainError) return false;
    throw error;
  }
}

function readAuthorities(pem: string, index: number): X509Certificate[] {
  try {
    return readCertificates(pem);
  } catch (cause) {
    if (!(cause instanceof PemError)) throw cause;
    throw new TruststoreError(`certificate authority ${index + 1} cannot be read: ${cause.message}`, { cause });
  }
}

function withoutRepetition(certificates: readonly X509Certificate[]): readonly X509Certificate[] {
  return [...new Map(certificates.map((certificate) => [certificate.fingerprint256, certificate])).values()];
}

function assertAuthority(certificate: X509Certificate): void {
  if (!certificate.ca) {
    throw invalid(
      certificate,
      'is not a CA certificate: it needs basic constraints CA:TRUE and a key usage that includes keyCertSign',
    );
  }
}

function assertNotExpired(certificate: X509Certificate, at: Date): void {
  try {
    assertValidAt(certificate, at);
  } catch (cause) {
    if (!(cause instanceof ChainError)) throw cause;
    throw new TruststoreError(`${cause.message}: remove or replace it`, { cause });
  }
}

function assertStrongKey(certificate: X509Certificate, { verifier }: TruststoreLimits): void {
  const weakness = keyWeakness(publicKeyOf(certificate));
  if (weakness !== undefined) throw invalid(certificate, `${weakness}: ${verifier} accepts ${STRONG_KEYS}`);
}

function publicKeyOf(certificate: X509Certificate): KeyObject {
  try {
    return certificate.publicKey;
  } catch (cause) {
    throw new TruststoreError(`the certificate "${subjectText(certificate)}" has a public key that cannot be read`, {
      cause,
    });
  }
}

function assertStrongSignature(certificate: X509Certificate, { verifier }: TruststoreLimits): void {
  const weakness = signatureWeakness(certificate.raw);
  if (weakness !== undefined) throw invalid(certificate, `${weakness}, as ${verifier} demands`);
}

/** Verifiers find authorities by subject. */
function assertDistinct(certificates: readonly X509Certificate[], { verifier }: TruststoreLimits): void {
  const subjects = new Set<string>();
  for (const certificate of certificates) {
    const subject = subjectKey(certificate);
    if (subjects.has(subject)) {
      throw invalid(
        certificate,
        `has the same subject as another one: ${verifier} accepts one certificate of each subject. Keep one of them. An ` +
          'authority that takes over from it while both are in use needs a subject of its own',
      );
    }
    subjects.add(subject);
  }
}

function assertChainToRoot(
  certificate: X509Certificate,
  all: readonly X509Certificate[],
  { verifier, longestChain }: TruststoreLimits,
): void {
  const path = [certificate];
  for (let last = certificate; !last.checkIssued(last); ) {
    const issuer = all.find((candidate) => !path.includes(candidate) && isIssuedBy(last, candidate));
    if (issuer === undefined) {
      throw invalid(last, `was issued by "${issuerText(last)}", which is missing: add every authority up to the root`);
    }
    path.push(issuer);
    last = issuer;
  }
  const root = path.at(-1) ?? certificate;
  if (!isIssuedBy(root, root)) throw invalid(root, 'is a root whose signature does not verify');
  if (path.length > longestChain) {
    const problem = `has a chain of ${path.length} authorities: ${verifier} accepts at most ${longestChain}`;
    throw invalid(certificate, problem);
  }
  for (const [below, authority] of path.entries()) assertPathLength(authority, below);
}

function assertPathLength(authority: X509Certificate, below: number): void {
  const allowed = pathLengthOf(authority) ?? below;
  if (below > allowed) {
    throw invalid(authority, `allows ${allowed} authorities below it (path length), got ${below}`);
  }
}

/** How many authorities may be below this one (RFC 5280, section 4.2.1.9). Undefined if there is no limit. */
function pathLengthOf(authority: X509Certificate): number | undefined {
  const { tbsCertificate } = AsnConvert.parse(authority.raw, Certificate);
  const extension = tbsCertificate.extensions?.find(({ extnID }) => extnID === id_ce_basicConstraints);
  return extension && AsnConvert.parse(extension.extnValue.buffer, BasicConstraints).pathLenConstraint;
}

function invalid(certificate: X509Certificate, problem: string): TruststoreError {
  return new TruststoreError(`the certificate "${subjectText(certificate)}" ${problem}`);
}
