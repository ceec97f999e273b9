import type { KeyObject, X509Certificate } from 'node:crypto';
import { isClientCertificate, notAfterOf, notBeforeOf, spiffeIdOf } from '../pki/certificate-fields';
import { ChainError, verifyChain } from '../pki/chain';
import type { CertificateDocument } from './contract';
import { encodePem, PemError, readCertificate, readCertificates } from '../pki/pem';

/** A certificate that its client could not use. Never quotes what it checks. */
export class CertificateDocumentError extends Error {
  override readonly name = 'CertificateDocumentError';
}

/** Whom a certificate must serve. */
export interface CertificateHolder {
  readonly spiffeId: string;
  readonly publicKey: KeyObject;
}

/**
 * The document of a certificate as the authority gave it; PEM texts are brought into one form.
 * @param certificateChainPem the issuing authority first, the root last
 * @throws PemError when the texts do not hold one certificate and its chain
 */
export function composeCertificateDocument(certificatePem: string, certificateChainPem: string): CertificateDocument {
  const certificate = readCertificate(certificatePem);
  return {
    certificate: pemOf(certificate),
    certificateChain: readCertificates(certificateChainPem).map(pemOf).join(''),
    ...describe(certificate),
  };
}

/**
 * Checks that the holder can authenticate with the certificate at the time given: it verifies up to its root, serves TLS
 * clients, names the holder's SPIFFE ID, certifies the holder's key, and is the one that the other fields describe.
 *
 * @throws CertificateDocumentError with the first rule that is broken
 */
export function verifyCertificateDocument(document: CertificateDocument, holder: CertificateHolder, at: Date): void {
  const certificate = readField('certificate', () => readCertificate(document.certificate));
  const authorities = readField('certificateChain', () => readCertificates(document.certificateChain));
  assertChain(certificate, authorities, at);
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
  if (wrong !== undefined) throw new CertificateDocumentError(`"${wrong}" is not that of the certificate`);
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

function pemOf(certificate: X509Certificate): string {
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

function assertChain(certificate: X509Certificate, authorities: readonly X509Certificate[], at: Date): void {
  try {
    verifyChain(certificate, authorities, at);
  } catch (cause) {
    if (!(cause instanceof ChainError)) throw cause;
    throw new CertificateDocumentError(cause.message, { cause });
  }
}
