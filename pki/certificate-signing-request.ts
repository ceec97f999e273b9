import { createPublicKey, type KeyObject } from 'node:crypto';
import { CertificationRequest, type CertificationRequestInfo } from '@peculiar/asn1-csr';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  type Extension,
  Extensions,
  id_ce_subjectAltName,
  type Name,
  SubjectAlternativeName,
  type SubjectPublicKeyInfo,
} from '@peculiar/asn1-x509';
import { der, readElement, readElements, Tag } from './der';
import { encodeDistinguishedName } from './names';
import { encodePem, readPemBlocks } from './pem';
import {
  type SigningAlgorithm,
  signatureAlgorithmIdentifier,
  signatureAlgorithmOf,
  signBytes,
  verifyBytes,
} from './signature';

/** The text is not a PKCS#10 request, or it does not prove possession of the private key. */
export class CertificateSigningRequestError extends Error {
  override readonly name = 'CertificateSigningRequestError';
}

/** A PKCS#10 request and the names in it. The issuer doesn't have to accept any of them. */
export interface CertificateSigningRequest {
  /** Only the request, normalized. */
  readonly pem: string;
  readonly publicKey: KeyObject;
  /** DER of the subject, as the request has it. */
  readonly subject: Uint8Array;
  /** A subject may have several. A common name that isn't of a text type appears in its hexadecimal encoding. */
  readonly commonNames: readonly string[];
  readonly subjectAlternativeNames: SubjectAlternativeNames;
}

interface SubjectAlternativeNames {
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
}

const COMMON_NAME = '2.5.4.3';
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** A PKCS#10 request (RFC 2986) in PEM. It proves possession of the key. The issuer decides who the holder is. */
export function createCertificateSigningRequest(privateKey: KeyObject, commonName: string): string {
  const algorithm = privateKey.asymmetricKeyType === 'rsa' ? 'SHA256WITHRSA' : 'SHA256WITHECDSA';
  // Assembled from encoded parts, because the schema classes would decode and encode the public key several times.
  const info = der(
    Tag.sequence,
    der(Tag.integer, Buffer.of(0)),
    encodeDistinguishedName({ commonName }),
    createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
    der(Tag.context0),
  );
  return encodeRequest(info, algorithm, signBytes(algorithm, info, privateKey));
}

/**
 * @throws CertificateSigningRequestError if the request is malformed, its signature doesn't verify with the key in the
 * request or is weaker than SHA-256, a subject alternative name is neither a URI nor a DNS name, or there is neither a
 * subject nor a subject alternative name, as ACM PCA requires:
 * https://docs.aws.amazon.com/privateca/latest/APIReference/API_IssueCertificate.html
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
      `the request must be signed with SHA-256 or stronger by an RSA or ECDSA key, got ${signatureAlgorithm.algorithm}`,
    );
  }
  if (!verifyBytes(algorithm, signedBytes, publicKey, signature)) {
    throw new CertificateSigningRequestError("the request's signature does not verify with the public key inside it");
  }
  const subjectAlternativeNames = alternativeNamesIn(info);
  const { uris, dnsNames } = subjectAlternativeNames;
  if (info.subject.length + uris.length + dnsNames.length === 0) {
    throw new CertificateSigningRequestError('the request must have a subject or a subject alternative name');
  }
  return {
    pem: encodeRequest(signedBytes, algorithm, signature),
    publicKey,
    subject: encodedSubjectIn(signedBytes),
    commonNames: commonNamesIn(info.subject),
    subjectAlternativeNames,
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

/** @param info DER of CertificationRequestInfo (RFC 2986, section 4.1), whose second field is the subject */
function encodedSubjectIn(info: Uint8Array): Uint8Array {
  const fields = readElements(readElement(info, Tag.sequence)?.content ?? Buffer.of());
  return fields?.[1]?.encoding ?? der(Tag.sequence);
}

function commonNamesIn(subject: Name): readonly string[] {
  return subject.flatMap((relativeName) =>
    relativeName.filter(({ type }) => type === COMMON_NAME).map(({ value }) => value.toString()),
  );
}

/** Those of all extensions, because it depends on the authority which one of several counts. */
function alternativeNamesIn(info: CertificationRequestInfo): SubjectAlternativeNames {
  const requested = requestedExtensions(info).filter(({ extnID }) => extnID === id_ce_subjectAltName);
  const uris: string[] = [];
  const dnsNames: string[] = [];
  for (const { uniformResourceIdentifier, dNSName } of requested.flatMap((names) => [
    ...decodeAlternativeNames(names),
  ])) {
    if (uniformResourceIdentifier !== undefined) uris.push(uniformResourceIdentifier);
    else if (dNSName !== undefined) dnsNames.push(dNSName);
    else throw new CertificateSigningRequestError('subject alternative names must be URIs or DNS names');
  }
  return { uris, dnsNames };
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

function encodeRequest(info: Uint8Array, algorithm: SigningAlgorithm, signature: Uint8Array): string {
  const request = der(
    Tag.sequence,
    info,
    signatureAlgorithmIdentifier(algorithm),
    der(Tag.bitString, Buffer.of(0), signature),
  );
  return encodePem('CERTIFICATE REQUEST', request);
}
