import {
  type ACMPCAClient,
  GetCertificateCommand,
  IssueCertificateCommand,
  RevokeCertificateCommand,
} from '@aws-sdk/client-acm-pca';
import { CLIENT_CERTIFICATE_TEMPLATE } from '../mesh/contract';
import type { RevocationReason } from '../registry/records';
import type {
  CertificateAuthority,
  CertificateRequest,
  IssuedCertificate,
} from '../lambda/certificate-issuer/certificate-authority';
import { AwsCallError, awsCall, isAwsError } from './aws-error';

/** ACM PCA. https://docs.aws.amazon.com/privateca/latest/APIReference/API_IssueCertificate.html */
export class PrivateCertificateAuthority implements CertificateAuthority {
  constructor(private readonly client: Pick<ACMPCAClient, 'send'>) {}

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
    const { CertificateArn } = await awsCall(action, this.client.send(command, { abortSignal: signal }));
    if (CertificateArn === undefined) throw new AwsCallError(action, 'InvalidAnswer', 'no certificate ARN');
    return CertificateArn;
  }

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
      const { Certificate: certificate, CertificateChain: certificateChain } = await awsCall(
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

  async revokeCertificate(
    certificateAuthorityArn: string,
    serialNumber: string,
    reason: RevocationReason,
    signal: AbortSignal,
  ): Promise<void> {
    const command = new RevokeCertificateCommand({
      CertificateAuthorityArn: certificateAuthorityArn,
      CertificateSerial: pairs(serialNumber),
      RevocationReason: reason,
    });
    try {
      await awsCall('acm-pca:RevokeCertificate', this.client.send(command, { abortSignal: signal }));
    } catch (error) {
      // It is revoked already.
      if (!isAwsError(error, 'RequestAlreadyProcessedException')) throw error;
    }
  }
}

/** As OpenSSL prints it: https://docs.aws.amazon.com/privateca/latest/APIReference/API_RevokeCertificate.html */
function pairs(serialNumber: string): string {
  return serialNumber.toLowerCase().replace(/..(?=.)/g, '$&:');
}

/** In the partition of the authority. https://docs.aws.amazon.com/privateca/latest/userguide/UsingTemplates.html */
function templateArn(certificateAuthorityArn: string): string {
  const [, partition] = certificateAuthorityArn.split(':');
  return `arn:${partition}:acm-pca:::template/${CLIENT_CERTIFICATE_TEMPLATE}`;
}
