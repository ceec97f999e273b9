/** Signs the certificates of a mesh's own authorities, whose keys may be in a key management service. */
import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { authorityExtensions, clientExtensions, keyIdentifierOf } from './certificate-profiles';
import { readCertificateSigningRequest } from './certificate-signing-request';
import { CertificateValueError, encodeSerialNumber, encodeTime, randomSerialNumber } from './certificate-values';
import { der, derInteger, Tag } from './der';
import { type Issuer, readSigningIssuer } from './issuer';
import {
  type AlternativeNames,
  assertDistinguishedName,
  type DistinguishedName,
  encodeDistinguishedName,
} from './names';
import { encodePem } from './pem';
import { signatureAlgorithmIdentifier } from './signature';
import { type Signer, signContent } from './signer';
import { keyWeakness } from './strength';

/** Fractions of a second are dropped. */
interface Validity {
  /**
   * May be before the issuer's. ACM PCA takes the time of issuance minus 60 minutes, for verifiers whose clocks are late.
   * https://docs.aws.amazon.com/privateca/latest/APIReference/API_IssueCertificate.html
   */
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface RootOptions extends Validity {
  readonly subject: DistinguishedName;
  /** How many authorities may be below this one in a chain. @default - any number */
  readonly pathLength?: number;
}

interface Issued extends Validity {
  /** The certificate of the authority that issues this one. Its key must be the signer's. */
  readonly issuer: X509Certificate;
  /** The HTTP address of the issuer's revocation list. @default - the certificate names none */
  readonly crlAddress?: string;
}

/** Whom a certificate is for: either as given, or the subject and the key of a request, of which nothing else is taken. */
type Requester =
  | { readonly subject: DistinguishedName; readonly publicKey: KeyObject }
  | {
      /** PKCS#10 in PEM, such as the attribute `CertificateSigningRequest` of an authority of ACM PCA. */
      readonly certificateSigningRequest: string;
    };

export type SubordinateOptions = Issued &
  Requester & {
    /** How many authorities may be below this one in a chain. */
    readonly pathLength: number;
  };

export interface ClientOptions extends Issued, AlternativeNames {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  /** Hexadecimal, positive, at most 20 octets. @default - 128 random bits */
  readonly serialNumber?: string;
}

/**
 * The certificate of a root, signed with its own key. PEM.
 * @throws CertificateValueError for a value that must not be in the certificate
 * @throws SignatureError if the signature doesn't verify with the signer's public key
 */
export async function signRootCertificate(
  { subject, pathLength, ...validity }: RootOptions,
  signer: Signer,
  signal: AbortSignal,
): Promise<string> {
  const name = encodeDistinguishedName(subject);
  const publicKey = encodePublicKey(signer.publicKey);
  assertPathLength(pathLength);
  const extensions = authorityExtensions(pathLength, { publicKey, authorityKeyIdentifier: keyIdentifierOf(publicKey) });
  return sign({ ...validity, issuer: name, subject: name, publicKey, extensions }, signer, signal);
}

/**
 * The certificate of an authority below the issuer. PEM.
 * @throws CertificateSigningRequestError if the request is malformed, or its signature doesn't verify with its key
 * @throws CertificateValueError for a value that must not be in the certificate, or that the issuer's certificate forbids
 * @throws SignatureError if the signature doesn't verify with the signer's public key
 */
export async function signSubordinateCertificate(
  options: SubordinateOptions,
  signer: Signer,
  signal: AbortSignal,
): Promise<string> {
  const { pathLength, crlAddress } = options;
  const issuer = readIssuerOf(options, signer);
  const requester = 'certificateSigningRequest' in options ? requesterIn(options.certificateSigningRequest) : options;
  const subject =
    requester.subject instanceof Uint8Array ? requester.subject : encodeDistinguishedName(requester.subject);
  if (Buffer.compare(subject, issuer.subject) === 0) {
    throw new CertificateValueError("the subject must not be the issuer's");
  }
  assertPathLength(pathLength, issuer.pathLength);
  const publicKey = encodePublicKey(requester.publicKey);
  const extensions = authorityExtensions(pathLength, {
    publicKey,
    authorityKeyIdentifier: issuer.keyIdentifier,
    crlAddress,
  });
  return sign({ ...options, issuer: issuer.subject, subject, publicKey, extensions }, signer, signal);
}

/**
 * A client certificate as ACM PCA issues it by the template `EndEntityClientAuthCertificate_APIPassthrough/V1`. PEM.
 * @throws CertificateValueError for a value that must not be in the certificate, or that the issuer's certificate forbids
 * @throws SignatureError if the signature doesn't verify with the signer's public key
 */
export async function signClientCertificate(
  options: ClientOptions,
  signer: Signer,
  signal: AbortSignal,
): Promise<string> {
  const { commonName, crlAddress } = options;
  const issuer = readIssuerOf(options, signer);
  const publicKey = encodePublicKey(options.publicKey);
  const extensions = clientExtensions(options, {
    publicKey,
    authorityKeyIdentifier: issuer.keyIdentifier,
    crlAddress,
  });
  const subject = encodeDistinguishedName({ commonName });
  return sign({ ...options, issuer: issuer.subject, subject, publicKey, extensions }, signer, signal);
}

function readIssuerOf({ issuer, notAfter }: Issued, signer: Signer): Issuer {
  const fields = readSigningIssuer(issuer, 'keyCertSign', signer);
  // The certificate has whole seconds.
  if (Math.floor(notAfter.getTime() / 1000) > fields.notAfter.getTime() / 1000) {
    throw new CertificateValueError(`notAfter must not be later than the issuer's, ${fields.notAfter.toISOString()}`);
  }
  return fields;
}

function requesterIn(pem: string): { readonly subject: Uint8Array; readonly publicKey: KeyObject } {
  const request = readCertificateSigningRequest(pem);
  assertDistinguishedName(request.subject);
  return request;
}

function assertPathLength(pathLength: number | undefined, issuers?: number): void {
  if (pathLength !== undefined && !(Number.isSafeInteger(pathLength) && pathLength >= 0)) {
    throw new CertificateValueError('pathLength must be a whole number of 0 or more');
  }
  if (issuers !== undefined && !(pathLength !== undefined && pathLength < issuers)) {
    throw new CertificateValueError(`pathLength must be less than the issuer's, ${issuers}`);
  }
}

/** DER of SubjectPublicKeyInfo with an uncompressed point and a named curve, as RFC 5480 requires, however the key was encoded. */
function encodePublicKey(key: KeyObject): Buffer {
  const weakness = keyWeakness(key);
  if (weakness !== undefined) throw new CertificateValueError(`the holder ${weakness}`);
  const normal = createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' });
  return normal.export({ format: 'der', type: 'spki' });
}

/** TBSCertificate of RFC 5280, section 4.1. Names, key, and extensions are DER. */
interface Fields extends Validity {
  /** @default - 128 random bits */
  readonly serialNumber?: string;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly extensions: Uint8Array;
}

const VERSION_3 = der(Tag.context0, derInteger(2));

async function sign(fields: Fields, signer: Signer, signal: AbortSignal): Promise<string> {
  const { serialNumber = randomSerialNumber(), notBefore, notAfter } = fields;
  if (notAfter <= notBefore) throw new CertificateValueError('notAfter must be later than notBefore');
  const content = der(
    Tag.sequence,
    VERSION_3,
    encodeSerialNumber(serialNumber),
    signatureAlgorithmIdentifier(signer.signingAlgorithm),
    fields.issuer,
    der(Tag.sequence, encodeTime('notBefore', notBefore), encodeTime('notAfter', notAfter)),
    fields.subject,
    fields.publicKey,
    der(Tag.context3, fields.extensions),
  );
  return encodePem('CERTIFICATE', await signContent(content, signer, signal));
}
