import type { KeyObject, X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate } from '@peculiar/asn1-x509';
import { issuerText, subjectText } from './certificate-fields';
import { assertValidAt, ChainError, isIssuedBy, verifyTrust } from './chain';
import { pathLengthOf } from './path-length';
import { encodePem, PemError, readCertificates } from './pem';
import { signatureAlgorithmOf } from './signature';

/** A truststore that API Gateway would refuse, or accept with a warning and then turn clients away. */
export class TruststoreError extends Error {
  override readonly name = 'TruststoreError';
}

/** Longest chain of authorities, the root included. */
const MAX_CHAIN = 4;
const MIN_RSA_BITS = 2048;
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

/**
 * The PEM bundle to publish as a truststore: every certificate of every text, in the order given, without explanatory
 * text; once, if several texts hold it, as the chains of authorities below one root do. The rules are those of
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html#http-api-mutual-tls-prerequisites
 *
 * @param pemTexts each may hold several certificates
 * @throws TruststoreError with the first rule that is broken, naming the certificate's subject
 */
export function truststoreBundle(pemTexts: readonly string[], at: Date): string {
  const certificates = withoutRepetition(pemTexts.flatMap(readTrustAnchors));
  if (certificates.length === 0) throw new TruststoreError('a truststore needs at least one certificate authority');
  for (const certificate of certificates) {
    assertAuthority(certificate);
    assertWithinValidity(certificate, at);
    assertStrongKey(certificate);
    assertStrongSignature(certificate);
  }
  assertDistinct(certificates);
  for (const certificate of certificates) assertChainToRoot(certificate, certificates);
  return certificates.map(({ raw }) => encodePem('CERTIFICATE', raw)).join('');
}

/**
 * Those of the certificates in the texts that are valid at the time given, up to a root; each as PEM.
 * @throws TruststoreError when a text can't be read
 */
export function authoritiesInForce(pemTexts: readonly string[], at: Date): readonly string[] {
  const all = pemTexts.flatMap(readTrustAnchors);
  return all.filter((authority) => isInForce(authority, all, at)).map(({ raw }) => encodePem('CERTIFICATE', raw));
}

function isInForce(authority: X509Certificate, all: readonly X509Certificate[], at: Date): boolean {
  try {
    assertValidAt(authority, at);
    verifyTrust(authority, all, at);
    return true;
  } catch (error) {
    if (error instanceof ChainError) return false;
    throw error;
  }
}

function readTrustAnchors(pem: string, index: number): X509Certificate[] {
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
    throw broken(
      certificate,
      "is not an authority's: it needs basic constraints CA:TRUE and a key usage that includes keyCertSign",
    );
  }
}

function assertWithinValidity(certificate: X509Certificate, at: Date): void {
  try {
    assertValidAt(certificate, at);
  } catch (cause) {
    if (!(cause instanceof ChainError)) throw cause;
    throw new TruststoreError(`${cause.message}: take it out or replace it`, { cause });
  }
}

function assertStrongKey(certificate: X509Certificate): void {
  const rule = brokenKeyRule(publicKeyOf(certificate));
  if (rule !== undefined) throw broken(certificate, rule);
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

function brokenKeyRule({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string | undefined {
  if (type === 'rsa') {
    const bits = details?.modulusLength ?? 0;
    return bits < MIN_RSA_BITS
      ? `has an RSA key of ${bits} bits: API Gateway needs at least ${MIN_RSA_BITS}`
      : undefined;
  }
  if (type === 'ec') {
    const curve = details?.namedCurve ?? 'an unnamed curve';
    return CURVES.includes(curve)
      ? undefined
      : `has an ECDSA key on ${curve}: API Gateway needs at least 256 bits (P-256, P-384 or P-521)`;
  }
  return `has a key of type ${type}: API Gateway accepts RSA and ECDSA`;
}

function assertStrongSignature(certificate: X509Certificate): void {
  const { signatureAlgorithm } = AsnConvert.parse(certificate.raw, Certificate);
  if (signatureAlgorithmOf(signatureAlgorithm.algorithm) === undefined) {
    throw broken(
      certificate,
      `is signed by the algorithm ${signatureAlgorithm.algorithm}: API Gateway needs RSA or ECDSA with SHA-256 or stronger`,
    );
  }
}

/** One subject stands for one key and one issuer: API Gateway refuses a subject that comes from two issuers. */
function assertDistinct(certificates: readonly X509Certificate[]): void {
  const bySubject = new Map<string, X509Certificate>();
  for (const certificate of certificates) {
    const other = bySubject.get(certificate.subject) ?? certificate;
    bySubject.set(certificate.subject, other);
    if (!other.publicKey.equals(certificate.publicKey) || other.issuer !== certificate.issuer) {
      throw broken(certificate, 'shares its subject with another one of a different key or issuer: keep one of them');
    }
  }
}

function assertChainToRoot(certificate: X509Certificate, all: readonly X509Certificate[]): void {
  const path = [certificate];
  for (let last = certificate; !last.checkIssued(last); ) {
    const issuer = all.find((candidate) => !path.includes(candidate) && isIssuedBy(last, candidate));
    if (issuer === undefined) {
      throw broken(last, `was issued by "${issuerText(last)}", which is missing: add every authority up to the root`);
    }
    path.push(issuer);
    last = issuer;
  }
  const root = path.at(-1) ?? certificate;
  if (!isIssuedBy(root, root)) throw broken(root, 'is a root whose signature does not verify');
  if (path.length > MAX_CHAIN) {
    throw broken(certificate, `stands ${path.length} authorities deep: API Gateway accepts at most ${MAX_CHAIN}`);
  }
  for (const [below, authority] of path.entries()) assertPathLength(authority, below);
}

function assertPathLength(authority: X509Certificate, below: number): void {
  const allowed = pathLengthOf(authority) ?? below;
  if (below > allowed) {
    throw broken(authority, `allows ${allowed} authorities below it (path length), and there are ${below}`);
  }
}

function broken(certificate: X509Certificate, rule: string): TruststoreError {
  return new TruststoreError(`the certificate "${subjectText(certificate)}" ${rule}`);
}
