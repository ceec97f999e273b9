import type { ClientCertificateProperties } from '../../../mesh/custom-resources';

export const PROPERTIES = {
  SecretId: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:mesh.example.com/mail-AbCdEf',
  ClientName: 'mail',
  SpiffeId: 'spiffe://mesh.example.com/mail',
  DnsNames: ['mail.internal.example.com'],
  KeyAlgorithm: 'EC_prime256v1',
  ValidityHours: '168',
  CertificateAuthorityArn:
    'arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/12345678-1234-1234-1234-123456789012',
  SigningAlgorithm: 'SHA256WITHECDSA',
} satisfies ClientCertificateProperties;
