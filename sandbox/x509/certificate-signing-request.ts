import { createPublicKey, type KeyObject } from 'node:crypto';
import { Attributes, CertificationRequest, CertificationRequestInfo } from '@peculiar/asn1-csr';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  type Extension,
  Extensions,
  id_ce_subjectAltName,
  Name,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
} from '@peculiar/asn1-x509';
import { algorithmIdentifier, signBytes, signingAlgorithmOf, verifyBytes } from './algorithms';
import {
  type DistinguishedName,
  decodeSubjectAlternativeNames,
  encodeDistinguishedName,
  type SubjectAlternativeNames,
} from './names';
import { encodePem, readPemBlocks } from './pem';

/** The text is not a PKCS#10 request, or its author does not hold the private key. */
export class CertificateSigningRequestError extends Error {
  override readonly name = 'CertificateSigningRequestError';
}

/** What a request asks for. A template decides what of it goes into the certificate. */
export interface CertificateSigningRequest {
  /** DER of the X.501 name, which may be empty. */
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly subjectAlternativeNames: SubjectAlternativeNames;
  readonly extensions: readonly Extension[];
}

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** A PKCS#10 request (RFC 2986) in PEM. */
export function createCertificateSigningRequest(privateKey: KeyObject, subject: DistinguishedName): string {
  const algorithm = privateKey.asymmetricKeyType === 'rsa' ? 'SHA256WITHRSA' : 'SHA256WITHECDSA';
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const certificationRequestInfo = new CertificationRequestInfo({
    version: 0,
    subject: AsnConvert.parse(encodeDistinguishedName(subject), Name),
    subjectPKInfo: AsnConvert.parse(publicKey, SubjectPublicKeyInfo),
    attributes: new Attributes(),
  });
  const signedBytes = Buffer.from(AsnConvert.serialize(certificationRequestInfo));
  const request = new CertificationRequest({
    certificationRequestInfo,
    signatureAlgorithm: algorithmIdentifier(algorithm),
    signature: new Uint8Array(signBytes(algorithm, signedBytes, privateKey)).buffer,
  });
  return encodePem('CERTIFICATE REQUEST', Buffer.from(AsnConvert.serialize(request)));
}

/**
 * @throws CertificateSigningRequestError for a malformed request, for a signature that is not by the key in the request or
 * is weaker than SHA-256, and for subject alternative names that are neither URIs nor DNS names
 */
export function readCertificateSigningRequest(pem: string): CertificateSigningRequest {
  const request = decodeRequest(pem);
  const { certificationRequestInfo: info, signatureAlgorithm } = request;
  const publicKey = decodePublicKey(info.subjectPKInfo);
  const algorithm = signingAlgorithmOf(signatureAlgorithm.algorithm);
  if (algorithm === undefined) {
    throw new CertificateSigningRequestError(
      `the request must be signed with SHA-256 or stronger by an RSA or ECDSA key, got ${signatureAlgorithm.algorithm}`,
    );
  }
  const signedBytes = Buffer.from(request.certificationRequestInfoRaw ?? new ArrayBuffer());
  if (!verifyBytes(algorithm, signedBytes, publicKey, Buffer.from(request.signature))) {
    throw new CertificateSigningRequestError("the request's signature does not verify with the public key inside it");
  }
  const extensions = requestedExtensions(info);
  return {
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
  throw new CertificateSigningRequestError('the text must contain exactly one PEM block "CERTIFICATE REQUEST"');
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
