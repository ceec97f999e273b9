import type { KeyObject } from 'node:crypto';
import type { IssuedCertificate } from '../../../aws/acm-pca';
import { isKmsKeyArn } from '../../../mesh/aws-names';
import type { RevocationReason } from '../../../mesh/contract';
import type { CertificateOrder } from '../issue/certificate-order';

/** A client certificate to sign. Its subject and alternative names come from the order and never from the CSR. */
export interface SigningRequest {
  readonly order: CertificateOrder;
  /** The key to certify. */
  readonly publicKey: KeyObject;
  /** The proof that the client has the private key. PKCS#10, PEM. */
  readonly certificateSigningRequest: string;
  /** The secret version or the client that the certificate is for. */
  readonly purpose: string;
}

export interface SignedCertificate extends IssuedCertificate {
  /** Only of a certificate that ACM PCA keeps. */
  readonly certificateArn?: string;
}

/** One way of keeping an authority's key. */
export interface AuthorityBackend {
  signCertificate(request: SigningRequest, signal: AbortSignal): Promise<SignedCertificate>;
  /** Does nothing for a certificate that is already revoked. */
  revokeCertificate(
    certificateAuthorityArn: string,
    serialNumber: string,
    reason: RevocationReason,
    signal: AbortSignal,
  ): Promise<void>;
}

export interface CertificateAuthoritiesOptions {
  readonly acmPca: AuthorityBackend;
  readonly kms: AuthorityBackend;
}

/** The authorities of a mesh, which may be of both kinds while one replaces the other. */
export class CertificateAuthorities implements AuthorityBackend {
  constructor(private readonly options: CertificateAuthoritiesOptions) {}

  signCertificate(request: SigningRequest, signal: AbortSignal): Promise<SignedCertificate> {
    return this.backendOf(request.order.certificateAuthorityArn).signCertificate(request, signal);
  }

  revokeCertificate(
    certificateAuthorityArn: string,
    serialNumber: string,
    reason: RevocationReason,
    signal: AbortSignal,
  ): Promise<void> {
    const backend = this.backendOf(certificateAuthorityArn);
    return backend.revokeCertificate(certificateAuthorityArn, serialNumber, reason, signal);
  }

  private backendOf(certificateAuthorityArn: string): AuthorityBackend {
    return isKmsKeyArn(certificateAuthorityArn) ? this.options.kms : this.options.acmPca;
  }
}
