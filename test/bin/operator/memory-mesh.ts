import type { OperatedMesh, Registry, RegistryEntry, Revocation } from '../../../bin/operator/mesh';
import type { EventDetail, RevocationReason } from '../../../mesh/contract';
import type { RegistryCertificate, RegistryClient, RegistryExternalClient } from '../../../registry/records';

export const NOW = new Date('2026-11-22T12:00:00.000Z');
export const OPERATOR = 'arn:aws:sts::123456789012:assumed-role/operator/alex';

export function clientOf(clientName: string, changed: Partial<RegistryClient> = {}): RegistryClient {
  return {
    clientName,
    spiffeId: `spiffe://mesh.example.com/${clientName}`,
    state: 'ENABLED',
    secretId: `arn:aws:secretsmanager:us-east-1:123456789012:secret:mesh.example.com/${clientName}-AbCdEf`,
    dnsNames: [],
    keyAlgorithm: 'EC_prime256v1',
    validityHours: 168,
    certificateAuthorityArn: 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1',
    signingAlgorithm: 'SHA256WITHECDSA',
    updatedAt: '2026-11-20T00:00:00.000Z',
    updatedBy: 'deployment',
    ...changed,
  };
}

export function externalClientOf(
  clientName: string,
  changed: Partial<RegistryExternalClient> = {},
): RegistryExternalClient {
  return {
    clientName,
    spiffeId: `spiffe://mesh.example.com/${clientName}`,
    state: 'ENABLED',
    trustAnchor: 'partner',
    identityKind: 'SPIFFE_ID',
    identityValue: `spiffe://partner.example.com/${clientName}`,
    authoritiesNotAfter: '2030-01-01T00:00:00.000Z',
    identityIds: ['0a'],
    registeredBy: 'arn:aws:cloudformation:us-east-1:123456789012:stack/mesh/1 Billing',
    updatedAt: '2026-11-20T00:00:00.000Z',
    updatedBy: 'deployment',
    ...changed,
  };
}

/** The current certificate of the client, unless told otherwise; its serial number also names its version. */
export function certificateOf(
  clientName: string,
  serialNumber: string,
  changed: Partial<RegistryCertificate> = {},
): RegistryCertificate {
  const { spiffeId, certificateAuthorityArn } = clientOf(clientName);
  return {
    clientName,
    spiffeId,
    serialNumber,
    issuer: 'CN=mesh.example.com',
    certificateArn: `${certificateAuthorityArn}/certificate/${serialNumber}`,
    certificateAuthorityArn,
    fingerprint: `FI:NG:${serialNumber}`,
    notBefore: '2026-11-20T00:00:00.000Z',
    notAfter: '2026-11-27T00:00:00.000Z',
    authoritiesNotAfter: '2036-11-20T00:00:00.000Z',
    secretVersionId: `version-${serialNumber}`,
    status: 'ISSUED',
    issuedAt: '2026-11-20T00:00:00.000Z',
    issuedBy: 'deployment',
    currentSince: '2026-11-20T00:00:01.000Z',
    expiresAt: 1_800_000_000,
    ...changed,
  };
}

/** A mesh of plain objects that writes down what is asked of it, and in which any of it can be made to fail. */
export class MemoryMesh implements OperatedMesh {
  readonly trustDomain = 'mesh.example.com';
  readonly told: [serialNumber: string, reason: RevocationReason][] = [];
  readonly rotated: string[] = [];
  readonly sent: [type: string, detail: EventDetail][] = [];
  /** In the order of time: what was done to the mesh. */
  readonly steps: string[] = [];
  /** Is thrown by the port of that name. */
  readonly failures: { authority?: Error; events?: Error; secrets?: Error } = {};
  /** What Secrets Manager and the issuer do once a rotation is asked for. */
  onRotate: (secretVersionId: string) => void = () => undefined;

  constructor(
    readonly clients: RegistryEntry['client'][],
    readonly certificates: RegistryCertificate[],
  ) {}

  now = () => NOW;
  operator = async () => OPERATOR;

  certificate(serialNumber: string): RegistryCertificate {
    const found = this.certificates.find((candidate) => candidate.serialNumber === serialNumber);
    if (found === undefined) throw new Error(`no certificate ${serialNumber}`);
    return found;
  }

  readonly registry: Registry = {
    entry: async (clientName) => (await this.registry.entries()).find(({ client }) => client.clientName === clientName),
    entries: async () =>
      this.clients.map((client): RegistryEntry => {
        const certificates = this.certificates.filter(({ clientName }) => clientName === client.clientName);
        return { client, certificates };
      }),
    setState: async (clientName, change) => {
      const index = this.clients.findIndex((client) => client.clientName === clientName);
      const known = this.clients[index];
      if (known !== undefined) this.clients[index] = { ...known, ...change };
      this.steps.push(`${clientName} ${change.state}`);
    },
    markRevoked: async ({ serialNumber }, revocation: Revocation) => {
      if (this.certificate(serialNumber).status === 'REVOKED') return false;
      this.change(serialNumber, { status: 'REVOKED', ...revocation });
      this.steps.push(`marked ${serialNumber}`);
      return true;
    },
    markAuthorityTold: async ({ serialNumber }, at) => this.change(serialNumber, { revokedAtAuthority: at }),
  };

  readonly authority = {
    revoke: async ({ serialNumber }: RegistryCertificate, reason: RevocationReason) => {
      if (this.failures.authority) throw this.failures.authority;
      this.told.push([serialNumber, reason]);
      this.steps.push(`told ${serialNumber}`);
    },
  };

  readonly secrets = {
    rotate: async (secretId: string) => {
      if (this.failures.secrets) throw this.failures.secrets;
      this.rotated.push(secretId);
      this.onRotate('version-new');
      return 'version-new';
    },
  };

  readonly events = {
    put: async (type: string, detail: EventDetail) => {
      if (this.failures.events) throw this.failures.events;
      this.sent.push([type, detail]);
    },
  };

  private change(serialNumber: string, changed: Partial<RegistryCertificate>): void {
    const index = this.certificates.indexOf(this.certificate(serialNumber));
    this.certificates[index] = { ...this.certificate(serialNumber), ...changed };
  }
}
