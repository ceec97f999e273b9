import { createHash, createPublicKey, type KeyObject, randomBytes, type X509Certificate } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  type AlgorithmIdentifier,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  Extensions,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import {
  algorithmIdentifier,
  type SigningAlgorithm,
  signatureSuits,
  signBytes,
  signingAlgorithmOf,
} from './algorithms';
import { encodePem } from './pem';

export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

export interface CertificateOptions {
  /** Hexadecimal, positive, at most 20 octets (RFC 5280, section 4.1.2.2). */
  readonly serialNumber: string;
  /** DER of an X.501 name. */
  readonly subject: Uint8Array;
  /** DER of an X.501 name: the subject of the authority's certificate, or `subject` for a root. */
  readonly issuer: Uint8Array;
  /** Fractions of seconds are lost, also those of `notAfter`. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The key to certify. */
  readonly publicKey: KeyObject;
  /** One of the profiles in profiles.ts. */
  readonly extensions: readonly Extension[];
  /** The authority's private key. */
  readonly signingKey: KeyObject;
  readonly signingAlgorithm: SigningAlgorithm;
}

/**
 * Signs a version 3 certificate and returns it in PEM. Adds subject and authority key identifiers to the extensions: SHA-1
 * of the public keys (RFC 5280, section 4.2.1.2, method 1).
 *
 * @throws CertificateError if the validity is empty, or the algorithm and the signing key are of different families
 */
export function signCertificate(options: CertificateOptions): string {
  const { notBefore, notAfter, signingKey, signingAlgorithm } = options;
  if (notAfter <= notBefore) throw new CertificateError('notAfter must be later than notBefore');
  if (!signatureSuits(signingAlgorithm, signingKey)) {
    throw new CertificateError(`a key of type ${signingKey.asymmetricKeyType} cannot sign with ${signingAlgorithm}`);
  }
  const publicKey = publicKeyInfo(options.publicKey);
  const signature = algorithmIdentifier(signingAlgorithm);
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: integerOf(options.serialNumber),
    signature,
    issuer: AsnConvert.parse(options.issuer, Name),
    validity: new Validity({ notBefore, notAfter }),
    subject: AsnConvert.parse(options.subject, Name),
    subjectPublicKeyInfo: publicKey,
    extensions: new Extensions([
      ...options.extensions,
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifier(publicKey))),
      authorityKeyIdentifier(signingKey),
    ]),
  });
  const signatureValue = signBytes(signingAlgorithm, Buffer.from(AsnConvert.serialize(tbsCertificate)), signingKey);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: signature,
    signatureValue: arrayBufferOf(signatureValue),
  });
  return encodePem('CERTIFICATE', Buffer.from(AsnConvert.serialize(certificate)));
}

/** A positive serial number of 16 octets in upper-case hexadecimal, with 126 random bits. */
export function randomSerialNumber(): string {
  const octets = randomBytes(16);
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40;
  return octets.toString('hex').toUpperCase();
}

/** DER of the certificate's subject: the issuer name in certificates that its key signs. */
export function encodedSubjectOf(certificate: X509Certificate): Buffer {
  const { tbsCertificate } = AsnConvert.parse(certificate.raw, Certificate);
  return Buffer.from(AsnConvert.serialize(tbsCertificate.subject));
}

/** How many authorities may be below this one (RFC 5280, section 4.2.1.9), or undefined without a limit. */
export function pathLengthOf(authority: X509Certificate): number | undefined {
  const constraints = extensionsOf(authority).find(({ extnID }) => extnID === id_ce_basicConstraints);
  return constraints && AsnConvert.parse(constraints.extnValue.buffer, BasicConstraints).pathLenConstraint;
}

/** The extensions of an end-entity certificate that the sandbox processes, and certificate policies, of which it accepts all. */
const PROCESSED_EXTENSIONS: readonly string[] = [
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_extKeyUsage,
  id_ce_subjectAltName,
  id_ce_certificatePolicies,
];

/** Whether there is a critical extension that the sandbox doesn't process (RFC 5280, section 4.2). */
export function hasUnknownCriticalExtension(certificate: X509Certificate): boolean {
  return criticalExtensionsOf(certificate).some((oid) => !PROCESSED_EXTENSIONS.includes(oid));
}

/** The object identifiers of the extensions that are critical. */
export function criticalExtensionsOf(certificate: X509Certificate): readonly string[] {
  return extensionsOf(certificate).flatMap(({ extnID, critical }) => (critical ? [extnID] : []));
}

/** Whether the key usage, if there is one, allows the key to sign certificates (RFC 5280, section 4.2.1.3). */
export function mayCertify(authority: X509Certificate): boolean {
  const usage = extensionsOf(authority).find(({ extnID }) => extnID === id_ce_keyUsage);
  if (usage === undefined) return true;
  return (AsnConvert.parse(usage.extnValue.buffer, KeyUsage).toNumber() & KeyUsageFlags.keyCertSign) !== 0;
}

function extensionsOf(certificate: X509Certificate): readonly Extension[] {
  const { tbsCertificate } = AsnConvert.parse(certificate.raw, Certificate);
  return [...(tbsCertificate.extensions ?? [])];
}

const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

/** Whether the key has the minimum size, and the signature a hash of SHA-256 or more, that API Gateway and ACM PCA require. */
export function isStrong(certificate: X509Certificate): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = certificate.publicKey;
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = details;
  const hasStrongKey =
    type === 'rsa' ? modulusLength >= 2048 && publicExponent > 1n : type === 'ec' && CURVES.includes(namedCurve);
  const { signatureAlgorithm } = AsnConvert.parse(certificate.raw, Certificate);
  return hasStrongKey && hasStrongHash(signatureAlgorithm);
}

const RSASSA_PSS = '1.2.840.113549.1.1.10';
/** The hash at the start of RSASSA-PSS-params (RFC 4055, section 3.1): SHA-256, SHA-384, or SHA-512. By default, it is SHA-1. */
const SHA_2_IN_PSS = /^30..a0..30..060960864801650304020[123]/;

function hasStrongHash({ algorithm, parameters }: AlgorithmIdentifier): boolean {
  if (algorithm !== RSASSA_PSS) return signingAlgorithmOf(algorithm) !== undefined;
  return SHA_2_IN_PSS.test(Buffer.from(parameters ?? new ArrayBuffer(0)).toString('hex'));
}

/** Whether `issuer` names and signs `certificate`. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** Whether the certificate is valid at the time. */
export function isValidAt(certificate: X509Certificate, at: Date): boolean {
  return notBeforeOf(certificate) <= at && at <= notAfterOf(certificate);
}

export function notBeforeOf(certificate: X509Certificate): Date {
  return new Date(certificate.validFrom);
}

export function notAfterOf(certificate: X509Certificate): Date {
  return new Date(certificate.validTo);
}

export function extension(extnID: string, value: object, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function publicKeyInfo(key: KeyObject): SubjectPublicKeyInfo {
  return AsnConvert.parse(key.export({ format: 'der', type: 'spki' }), SubjectPublicKeyInfo);
}

function keyIdentifier(key: SubjectPublicKeyInfo): ArrayBuffer {
  return arrayBufferOf(createHash('sha1').update(Buffer.from(key.subjectPublicKey)).digest());
}

/** The identifier of the key that signs a certificate or a revocation list. */
export function authorityKeyIdentifier(signingKey: KeyObject): Extension {
  const identifier = keyIdentifier(publicKeyInfo(createPublicKey(signingKey)));
  return extension(
    id_ce_authorityKeyIdentifier,
    new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(identifier) }),
  );
}

/** The content octets of a DER INTEGER: with a leading zero only where the sign bit would be set. */
export function integerOf(serialNumber: string): ArrayBuffer {
  const digits = serialNumber.replace(/^0+/, '');
  const octets = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  const positive = (octets[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), octets]) : octets;
  if (!/^[0-9A-Fa-f]+$/.test(digits) || positive.length > 20) {
    throw new CertificateError('serialNumber must be a positive hexadecimal number of at most 20 octets');
  }
  return arrayBufferOf(positive);
}

export function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
