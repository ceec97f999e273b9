import { createHash, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  Certificate,
  Extension,
  Extensions,
  id_ce_authorityKeyIdentifier,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  Name,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import { signatureAlgorithmIdentifier } from './certificate-signing-request';
import { encodePem } from './pem';
import type { SigningAlgorithm } from './signature';
import { signatureSuits, signBytes } from './signature';

export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

export interface CertificateOptions {
  /** Hexadecimal, positive, at most 20 octets (RFC 5280, section 4.1.2.2). */
  readonly serialNumber: string;
  /** DER of an X.501 name, as `encodeDistinguishedName` makes it or a certificate signing request has it. */
  readonly subject: Uint8Array;
  /** DER of an X.501 name: `encodedSubjectOf` the authority's certificate, or `subject` itself for a root. */
  readonly issuer: Uint8Array;
  /** Whole seconds count; so for `notAfter`. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The key to certify. */
  readonly publicKey: KeyObject;
  /** One of the sets in profiles.ts. */
  readonly extensions: readonly Extension[];
  /** The authority's private key. */
  readonly signingKey: KeyObject;
  readonly signingAlgorithm: SigningAlgorithm;
}

/**
 * A version 3 certificate as one PEM block. Subject and authority key identifiers are added to the extensions:
 * SHA-1 over the public keys (RFC 5280, section 4.2.1.2, method 1).
 *
 * @throws CertificateError when the validity is empty or the algorithm is not one of the signing key's family
 */
export function signCertificate(options: CertificateOptions): string {
  const { notBefore, notAfter, signingKey, signingAlgorithm } = options;
  if (notAfter <= notBefore) throw new CertificateError('notAfter must be later than notBefore');
  if (!signatureSuits(signingAlgorithm, signingKey)) {
    throw new CertificateError(`a key of type ${signingKey.asymmetricKeyType} cannot sign with ${signingAlgorithm}`);
  }
  const publicKey = publicKeyInfo(options.publicKey);
  const signature = signatureAlgorithmIdentifier(signingAlgorithm);
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
      extension(
        id_ce_authorityKeyIdentifier,
        new AuthorityKeyIdentifier({
          keyIdentifier: new KeyIdentifier(keyIdentifier(publicKeyInfo(createPublicKey(signingKey)))),
        }),
      ),
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

/** A serial number of 16 octets in upper-case hexadecimal: positive, never shorter, 126 bits of it random. */
export function randomSerialNumber(): string {
  const octets = randomBytes(16);
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40;
  return octets.toString('hex').toUpperCase();
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

/** Content octets of a DER INTEGER: no superfluous zero in front, one where the sign bit would be set. */
function integerOf(serialNumber: string): ArrayBuffer {
  const digits = serialNumber.replace(/^0+/, '');
  const octets = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  const positive = (octets[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), octets]) : octets;
  if (!/^[0-9A-Fa-f]+$/.test(digits) || positive.length > 20) {
    throw new CertificateError('serialNumber must be a positive hexadecimal number of at most 20 octets');
  }
  return arrayBufferOf(positive);
}

function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
