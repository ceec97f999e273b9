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
  try {
    return parse(pem);
  } catch (cause) {
    if (cause instanceof CertificateSigningRequestError) throw cause;
    throw new CertificateSigningRequestError('the request is malformed', { cause });
  }
}

function parse(pem: string): CertificateSigningRequest {
  const [block, ...others] = readPemBlocks(pem);
  if (!block?.label.endsWith('CERTIFICATE REQUEST') || others.length > 0) {
    throw new CertificateSigningRequestError('the text must contain one certificate signing request');
  }
  const request = AsnConvert.parse(block.der, CertificationRequest);
  const { subject, subjectPKInfo, attributes = [] } = request.certificationRequestInfo;
  const publicKey = createPublicKey({
    key: Buffer.from(AsnConvert.serialize(subjectPKInfo)),
    format: 'der',
    type: 'spki',
  });
  if (!isSignedBy(publicKey, request)) {
    throw new CertificateSigningRequestError('the signature does not verify with SHA-256 or stronger');
  }
  const extensions = attributes
    .filter(({ type }) => type === EXTENSION_REQUEST)
    .flatMap(({ values }) => values.flatMap((value) => [...AsnConvert.parse(value, Extensions)]));
  return {
    subject: Buffer.from(AsnConvert.serialize(subject)),
    publicKey,
    subjectAlternativeNames: alternativeNamesIn(extensions),
    extensions,
  };
}

function isSignedBy(key: KeyObject, request: CertificationRequest): boolean {
  const algorithm = signingAlgorithmOf(request.signatureAlgorithm.algorithm);
  const signedBytes = Buffer.from(request.certificationRequestInfoRaw ?? new ArrayBuffer());
  return algorithm !== undefined && verifyBytes(algorithm, signedBytes, key, Buffer.from(request.signature));
}

function alternativeNamesIn(extensions: readonly Extension[]): SubjectAlternativeNames {
  const requested = extensions.find(({ extnID }) => extnID === id_ce_subjectAltName);
  if (requested === undefined) return { uris: [], dnsNames: [] };
  const names = decodeSubjectAlternativeNames(AsnConvert.parse(requested.extnValue.buffer, SubjectAlternativeName));
  if (names !== undefined) return names;
  throw new CertificateSigningRequestError('subject alternative names must be URIs or DNS names');
}
