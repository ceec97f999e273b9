import type { RegistryCertificate, RegistryClient } from '../../registry/records';

export function authorityArn(id: number): string {
  return `arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/00000000-0000-4000-8000-00000000000${id}`;
}

export function clientOf(clientName: string, overrides: Partial<RegistryClient> = {}): RegistryClient {
  return {
    clientName,
    spiffeId: `spiffe://mesh.example.com/${clientName}`,
    state: 'ENABLED',
    secretId: `arn:aws:secretsmanager:eu-central-1:111122223333:secret:mesh.example.com/${clientName}-AbCdEf`,
    dnsNames: [],
    keyAlgorithm: 'EC_prime256v1',
    validityHours: 168,
    certificateAuthorityArn: authorityArn(1),
    signingAlgorithm: 'SHA256WITHECDSA',
    declaredBy: 'stack Mail',
    updatedAt: '2026-11-22T12:00:00.000Z',
    updatedBy: 'deployment',
    ...overrides,
  };
}

/** A certificate of the client `mail` that is valid far beyond the tests' days. */
export function certificateOf(overrides: Partial<RegistryCertificate> = {}): RegistryCertificate {
  const { clientName = 'mail', certificateAuthorityArn = authorityArn(1) } = overrides;
  return {
    clientName,
    spiffeId: `spiffe://mesh.example.com/${clientName}`,
    serialNumber: '5A01',
    issuer: 'CN=Test Root',
    certificateArn: `${certificateAuthorityArn}/certificate/1`,
    certificateAuthorityArn,
    fingerprint: 'AA:BB',
    notBefore: '2026-11-22T11:00:00.000Z',
    notAfter: '2999-11-29T12:00:00.000Z',
    authoritiesNotAfter: '2999-11-22T12:00:00.000Z',
    secretVersionId: 'v1',
    status: 'ISSUED',
    issuedAt: '2026-11-22T12:00:00.000Z',
    issuedBy: 'deployment',
    expiresAt: 32_503_680_000,
    ...overrides,
  };
}
