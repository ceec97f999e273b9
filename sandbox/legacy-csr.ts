import { createPublicKey, type KeyObject } from 'node:crypto';
import { CertificationRequest, type CertificationRequestInfo } from '@peculiar/asn1-csr';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  type Extension,
  Extensions,
  id_ce_subjectAltName,
  SubjectAlternativeName,
  type SubjectPublicKeyInfo,
} from '@peculiar/asn1-x509';
import { signatureAlgorithmIdentifier } from '../pki/certificate-signing-request';
import { der, Tag } from '../pki/der';
import { type DistinguishedName, encodeDistinguishedName } from '../pki/distinguished-name';
import { encodePem, readPemBlocks } from '../pki/pem';
import type { SigningAlgorithm } from '../pki/signature';
import { signatureAlgorithmOf, signBytes, verifyBytes } from '../pki/signature';
import { decodeSubjectAlternativeNames, type SubjectAlternativeNames } from '../pki/subject-alternative-names';

/** The text is no PKCS#10 request, or whoever made it does not hold the private key. */
export class CertificateSigningRequestError extends Error {
  override readonly name = 'CertificateSigningRequestError';
}

export interface CertificateSigningRequest {
  /** The request alone, in one form, whatever text and octets stood around it. */
  readonly pem: string;
  /** DER of the X.501 name; an empty sequence when the request names nobody. */
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  /** What the request's extensions ask for; both lists are empty when it asks for none. */
  readonly subjectAlternativeNames: SubjectAlternativeNames;
  /** Everything that the request's extensions ask for, as it stands there; nobody has to grant it. */
  readonly extensions: readonly Extension[];
}

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/**
 * A PKCS#10 request (RFC 2986) in PEM. It proves possession of the key; who the holder is, the issuer decides.
 *
 * @param name a common name, or the whole name
 */
export function createCertificateSigningRequest(privateKey: KeyObject, name: string | DistinguishedName): string {
  const algorithm = privateKey.asymmetricKeyType === 'rsa' ? 'SHA256WITHRSA' : 'SHA256WITHECDSA';
  // Put together from encoded parts: the schema classes would decode and encode the public key several times over.
  const info = der(
    Tag.sequence,
    der(Tag.integer, Buffer.of(0)),
    encodeDistinguishedName(typeof name === 'string' ? { commonName: name } : name),
    createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
    der(Tag.context0),
  );
  return encodeRequest(info, algorithm, signBytes(algorithm, info, privateKey));
}

function encodeRequest(info: Uint8Array, algorithm: SigningAlgorithm, signature: Uint8Array): string {
  const request = der(
    Tag.sequence,
    info,
    Buffer.from(AsnConvert.serialize(signatureAlgorithmIdentifier(algorithm))),
    der(Tag.bitString, Buffer.of(0), signature),
  );
  return encodePem('CERTIFICATE REQUEST', request);
}

/**
 * @throws CertificateSigningRequestError when the form is broken, when the signature is not by the key inside or by an
 * algorithm weaker than SHA-256, and for subject alternative names that are neither URI nor DNS name
 */
export function readCertificateSigningRequest(pem: string): CertificateSigningRequest {
  const request = decodeRequest(pem);
  const { certificationRequestInfo: info, signatureAlgorithm } = request;
  const signedBytes = Buffer.from(request.certificationRequestInfoRaw ?? new ArrayBuffer());
  const signature = Buffer.from(request.signature);
  const publicKey = decodePublicKey(info.subjectPKInfo);
  const algorithm = signatureAlgorithmOf(signatureAlgorithm.algorithm);
  if (algorithm === undefined) {
    throw new CertificateSigningRequestError(
      `the request must be signed with SHA-256 or stronger by an RSA or ECDSA key, found ${signatureAlgorithm.algorithm}`,
    );
  }
  if (!verifyBytes(algorithm, signedBytes, publicKey, signature)) {
    throw new CertificateSigningRequestError("the request's signature does not verify with the public key inside it");
  }
  const extensions = requestedExtensions(info);
  return {
    pem: encodeRequest(signedBytes, algorithm, signature),
    subject: Buffer.from(AsnConvert.serialize(info.subject)),
    publicKey,
    subjectAlternativeNames: alternativeNamesAmong(extensions),
    extensions,
  };
}

function decodeRequest(pem: string): CertificationRequest {
  try {
    const [block, ...others] = readPemBlocks(pem);
    if (block && others.length === 0 && /^(NEW )?CERTIFICATE REQUEST$/.test(block.label)) {
      return AsnConvert.parse(block.der, CertificationRequest);
    }
  } catch (cause) {
    throw new CertificateSigningRequestError('the request is not a PKCS#10 structure in PEM', { cause });
  }
  throw new CertificateSigningRequestError('the text must hold exactly one PEM block "CERTIFICATE REQUEST"');
}

function decodePublicKey(info: SubjectPublicKeyInfo): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(AsnConvert.serialize(info)), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new CertificateSigningRequestError("the request's public key cannot be read", { cause });
  }
}

function requestedExtensions(info: CertificationRequestInfo): Extension[] {
  try {
    return (info.attributes ?? [])
      .filter(({ type }) => type === EXTENSION_REQUEST)
      .flatMap(({ values }) => values.flatMap((value) => [...AsnConvert.parse(value, Extensions)]));
  } catch (cause) {
    throw unreadableExtensions(cause);
  }
}

function alternativeNamesAmong(extensions: readonly Extension[]): SubjectAlternativeNames {
  const requested = extensions.find(({ extnID }) => extnID === id_ce_subjectAltName);
  if (requested === undefined) return { uris: [], dnsNames: [] };
  const names = decodeSubjectAlternativeNames(decodeAlternativeNames(requested));
  if (names === undefined) {
    throw new CertificateSigningRequestError('subject alternative names must be URIs or DNS names');
  }
  return names;
}

function decodeAlternativeNames({ extnValue }: Extension): SubjectAlternativeName {
  try {
    return AsnConvert.parse(extnValue.buffer, SubjectAlternativeName);
  } catch (cause) {
    throw unreadableExtensions(cause);
  }
}

function unreadableExtensions(cause: unknown): CertificateSigningRequestError {
  return new CertificateSigningRequestError("the request's extensions cannot be read", { cause });
}
