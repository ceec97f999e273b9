import type { KeyObject, X509Certificate } from 'node:crypto';
import { isClientCertificate, notAfterOf, notBeforeOf, spiffeIdOf } from '../pki/certificate-fields';
import { ChainError, verifyChain } from '../pki/chain';
import { encodePem, PemError, readCertificate, readCertificates } from '../pki/pem';

/** A client certificate and its fields. Part of a client's secret, and the issuer's response to a request. */
export interface CertificateDocument {
  /** The client certificate (end-entity), one PEM block. */
  readonly certificate: string;
  /** The authorities above it, PEM: the issuing authority first, the root last. */
  readonly certificateChain: string;
  /** Upper-case hexadecimal without separators, as `crypto.X509Certificate.serialNumber` prints it. */
  readonly serialNumber: string;
  /** ISO 8601, UTC. */
  readonly notBefore: string;
  /** ISO 8601, UTC. */
  readonly notAfter: string;
  /** SHA-256 of the DER certificate: upper-case hexadecimal pairs separated by colons. */
  readonly fingerprint: string;
}

/** The client can't use the certificate. The message never quotes the document. */
export class CertificateDocumentError extends Error {
  override readonly name = 'CertificateDocumentError';
}

/** The client that a certificate must authenticate. */
export interface CertificateHolder {
  readonly spiffeId: string;
  readonly publicKey: KeyObject;
}

/**
 * Composes the document from the authority's response. The PEM texts are normalized.
 * @param certificateChainPem the issuing authority first, the root last
 * @throws PemError if the texts do not contain one certificate and its chain
 */
export function composeCertificateDocument(certificatePem: string, certificateChainPem: string): CertificateDocument {
  const certificate = readCertificate(certificatePem);
  return {
    certificate: toPem(certificate),
    certificateChain: readCertificates(certificateChainPem).map(toPem).join(''),
    ...describe(certificate),
  };
}

/**
 * Checks that the holder can authenticate with the certificate at the given time: the chain verifies up to its root,
 * and the certificate is for TLS clients, names the holder's SPIFFE ID, certifies the holder's key, and matches the
 * other fields of the document.
 *
 * @throws CertificateDocumentError for the first check that fails
 */
export function verifyCertificateDocument(document: CertificateDocument, holder: CertificateHolder, at: Date): void {
  const certificate = readField('certificate', () => readCertificate(document.certificate));
  const authorities = readField('certificateChain', () => readCertificates(document.certificateChain));
  checkChain(certificate, authorities, at);
  if (!isClientCertificate(certificate)) {
    throw new CertificateDocumentError('the certificate is not an end-entity certificate for TLS clients');
  }
  const spiffeId = spiffeIdOf(certificate);
  if (spiffeId !== holder.spiffeId) {
    throw new CertificateDocumentError(`the certificate's SPIFFE ID (${spiffeId ?? 'none'}) is not the client's`);
  }
  if (!certificate.publicKey.equals(holder.publicKey)) {
    throw new CertificateDocumentError("the certificate's key is not the client's");
  }
  const described = describe(certificate);
  const wrong = DESCRIBED_FIELDS.find((field) => document[field] !== described[field]);
  if (wrong !== undefined) throw new CertificateDocumentError(`"${wrong}" does not match the certificate`);
}

const DESCRIBED_FIELDS = ['serialNumber', 'notBefore', 'notAfter', 'fingerprint'] as const;

function describe(certificate: X509Certificate): Pick<CertificateDocument, (typeof DESCRIBED_FIELDS)[number]> {
  return {
    serialNumber: certificate.serialNumber,
    notBefore: notBeforeOf(certificate).toISOString(),
    notAfter: notAfterOf(certificate).toISOString(),
    fingerprint: certificate.fingerprint256,
  };
}

function toPem(certificate: X509Certificate): string {
  return encodePem('CERTIFICATE', certificate.raw);
}

function readField<T>(field: keyof CertificateDocument, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof PemError)) throw cause;
    throw new CertificateDocumentError(`"${field}" cannot be read: ${cause.message}`, { cause });
  }
}

function checkChain(certificate: X509Certificate, authorities: readonly X509Certificate[], at: Date): void {
  try {
    verifyChain(certificate, authorities, at);
  } catch (cause) {
    if (!(cause instanceof ChainError)) throw cause;
    throw new CertificateDocumentError(cause.message, { cause });
  }
}
