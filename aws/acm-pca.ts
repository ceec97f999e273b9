import {
  type ACMPCAClient,
  GetCertificateAuthorityCsrCommand,
  GetCertificateCommand,
  IssueCertificateCommand,
  RevokeCertificateCommand,
} from '@aws-sdk/client-acm-pca';
import { CLIENT_CERTIFICATE_TEMPLATE, type RevocationReason } from '../mesh/contract';
import type { SigningAlgorithm } from '../pki/signature';
import { AwsCallError, isAwsError, sdkCall } from './aws-error';

/** A client certificate to issue. Its subject and alternative names come from here and never from the CSR. */
export interface CertificateRequest {
  readonly certificateAuthorityArn: string;
  /** PEM. */
  readonly certificateSigningRequest: string;
  readonly commonName: string;
  readonly spiffeId: string;
  readonly dnsNames: readonly string[];
  readonly signingAlgorithm: SigningAlgorithm;
  readonly validity: Validity;
  /** At most 36 characters. The same token within 5 minutes returns the same certificate. */
  readonly idempotencyToken: string;
}

/** When a certificate expires: days from now, or an absolute time in seconds since 1970. */
export interface Validity {
  readonly type: 'DAYS' | 'ABSOLUTE';
  readonly value: number;
}

export interface IssuedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, issuing authority first, without the certificate itself. */
  readonly certificateChain: string;
}

/** https://docs.aws.amazon.com/privateca/latest/APIReference/Welcome.html */
export class AcmPca {
  constructor(private readonly client: Pick<ACMPCAClient, 'send'>) {}

  /** Starts to issue a certificate. @returns its ARN */
  async issueCertificate(request: CertificateRequest, signal: AbortSignal): Promise<string> {
    const command = new IssueCertificateCommand({
      CertificateAuthorityArn: request.certificateAuthorityArn,
      TemplateArn: templateArn(request.certificateAuthorityArn),
      Csr: Buffer.from(request.certificateSigningRequest),
      ApiPassthrough: {
        Subject: { CommonName: request.commonName },
        Extensions: {
          SubjectAlternativeNames: [
            { UniformResourceIdentifier: request.spiffeId },
            ...request.dnsNames.map((DnsName) => ({ DnsName })),
          ],
        },
      },
      SigningAlgorithm: request.signingAlgorithm,
      Validity: { Type: request.validity.type, Value: request.validity.value },
      IdempotencyToken: request.idempotencyToken,
    });
    const action = 'acm-pca:IssueCertificate';
    const { CertificateArn } = await sdkCall(action, this.client.send(command, { abortSignal: signal }));
    if (CertificateArn === undefined) throw new AwsCallError(action, 'InvalidAnswer', 'no certificate ARN');
    return CertificateArn;
  }

  /** Undefined while the certificate is being issued. */
  async getCertificate(
    certificateAuthorityArn: string,
    certificateArn: string,
    signal: AbortSignal,
  ): Promise<IssuedCertificate | undefined> {
    const command = new GetCertificateCommand({
      CertificateAuthorityArn: certificateAuthorityArn,
      CertificateArn: certificateArn,
    });
    const action = 'acm-pca:GetCertificate';
    try {
      const { Certificate: certificate, CertificateChain: certificateChain } = await sdkCall(
        action,
        this.client.send(command, { abortSignal: signal }),
      );
      if (certificate === undefined) throw new AwsCallError(action, 'InvalidAnswer', 'no certificate');
      return { certificate, certificateChain: certificateChain ?? '' };
    } catch (error) {
      if (isAwsError(error, 'RequestInProgressException')) return undefined;
      throw error;
    }
  }

  /** PEM, PKCS#10: what an authority wants its own certificate for. */
  async certificateSigningRequest(certificateAuthorityArn: string, signal: AbortSignal): Promise<string> {
    const command = new GetCertificateAuthorityCsrCommand({ CertificateAuthorityArn: certificateAuthorityArn });
    const action = 'acm-pca:GetCertificateAuthorityCsr';
    const { Csr } = await sdkCall(action, this.client.send(command, { abortSignal: signal }));
    if (Csr === undefined) throw new AwsCallError(action, 'InvalidAnswer', 'no certificate signing request');
    return Csr;
  }

  /** Does nothing for a certificate that is already revoked. */
  async revokeCertificate(
    certificateAuthorityArn: string,
    serialNumber: string,
    reason: RevocationReason,
    signal: AbortSignal,
  ): Promise<void> {
    const command = new RevokeCertificateCommand({
      CertificateAuthorityArn: certificateAuthorityArn,
      CertificateSerial: hexPairs(serialNumber),
      RevocationReason: reason,
    });
    try {
      await sdkCall('acm-pca:RevokeCertificate', this.client.send(command, { abortSignal: signal }));
    } catch (error) {
      if (!isAwsError(error, 'RequestAlreadyProcessedException')) throw error;
    }
  }
}

/** As OpenSSL prints serial numbers: https://docs.aws.amazon.com/privateca/latest/APIReference/API_RevokeCertificate.html */
function hexPairs(serialNumber: string): string {
  return serialNumber.toLowerCase().replace(/..(?=.)/g, '$&:');
}

/** In the partition of the authority. https://docs.aws.amazon.com/privateca/latest/userguide/UsingTemplates.html */
function templateArn(certificateAuthorityArn: string): string {
  const [, partition] = certificateAuthorityArn.split(':');
  return `arn:${partition}:acm-pca:::template/${CLIENT_CERTIFICATE_TEMPLATE}`;
}
