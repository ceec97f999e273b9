import type { OperatedMesh } from '../../../bin/shared/mesh';
import { OperatorRevocation } from '../../../lambda/certificate-issuer/revoke/operator-revocation';
import type { EventDetail, RevocationOrder, RevocationReason, RevocationResult } from '../../../mesh/contract';
import { Audit } from '../../../registry/audit';
import type { RegistryCertificate, RegistryClient, RegistryExternalClient } from '../../../registry/records';
import { Revocation } from '../../../registry/revocation';
import { MemoryRegistry } from '../../registry/memory-registry';

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
    declaredBy: 'arn:aws:cloudformation:us-east-1:123456789012:stack/mesh/1 Mail',
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

/** A current certificate of the client. The serial number also names the secret version. */
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

/** A mesh in memory that records what is done to it, and in which every service can be made to fail. */
export class MemoryMesh implements OperatedMesh {
  readonly trustDomain = 'mesh.example.com';
  readonly registry = new MemoryRegistry();
  readonly survey = this.registry.survey;
  private readonly revocation: Revocation;
  readonly told: [serialNumber: string, reason: RevocationReason][] = [];
  readonly rotated: string[] = [];
  readonly sent: [type: string, detail: EventDetail][] = [];
  readonly counted: [metric: string, value: number][] = [];
  /** What was done to the mesh, in order. */
  readonly steps: string[] = [];
  /** Thrown by the service of that name, and by the registry for the marks of certificates, by fingerprint. */
  readonly failures: {
    authority?: Error;
    events?: Error;
    metrics?: Error;
    secrets?: Error;
    marks: Map<string, Error>;
  } = { marks: new Map() };
  /** Ends the time of the function for what comes after the marks. */
  readonly timeUp = new AbortController();
  /** What the authority does before it revokes a certificate. */
  onTell: (serialNumber: string, signal: AbortSignal) => Promise<void> = async () => undefined;
  /** What Secrets Manager and the issuer do when a rotation starts. */
  onRotate: (secretVersionId: string) => void = () => undefined;

  constructor(
    clients: readonly (RegistryClient | RegistryExternalClient)[],
    certificates: readonly RegistryCertificate[] = [],
  ) {
    for (const client of clients) {
      if ('trustAnchor' in client) this.registry.externalClients.set(client.clientName, client);
      else this.registry.clients.set(client.clientName, client);
    }
    for (const certificate of certificates) this.registry.certificates.set(certificate.fingerprint, certificate);
    this.revocation = this.createRevocation();
  }

  now = () => NOW;
  operator = async () => OPERATOR;

  certificate(serialNumber: string): RegistryCertificate {
    const found = [...this.registry.certificates.values()].find((candidate) => candidate.serialNumber === serialNumber);
    if (found === undefined) throw new Error(`no certificate ${serialNumber}`);
    return found;
  }

  /** What the function of the mesh does. */
  revoke(order: RevocationOrder): Promise<RevocationResult> {
    const { survey, revocation } = this;
    return new OperatorRevocation({ survey, revocation, now: () => NOW }).run(
      order,
      new AbortController().signal,
      this.timeUp.signal,
    );
  }

  async startRotation(secretId: string): Promise<string | undefined> {
    if (this.failures.secrets) throw this.failures.secrets;
    this.rotated.push(secretId);
    this.onRotate('version-new');
    return 'version-new';
  }

  private createRevocation(): Revocation {
    const { registry, failures } = this;
    const log = () => undefined;
    const audit = new Audit({
      trustDomain: this.trustDomain,
      events: {
        put: async (type, detail) => {
          if (failures.events) throw failures.events;
          this.sent.push([type, detail]);
        },
      },
      metrics: {
        put: async (metric, value) => {
          if (failures.metrics) throw failures.metrics;
          this.counted.push([metric, value]);
        },
      },
      log,
    });
    return new Revocation({
      registry: {
        markRevoked: async (certificate, mark) => {
          const failure = failures.marks.get(certificate.fingerprint);
          if (failure) throw failure;
          const isMarked = await registry.markRevoked(certificate, mark);
          if (isMarked) this.steps.push(`marked ${certificate.fingerprint.replace('FI:NG:', '')}`);
          return isMarked;
        },
        markAuthorityTold: (certificate, at) => registry.markAuthorityTold(certificate, at),
        revokeKey: (publicKeyHash, revoked) => registry.revokeKey(publicKeyHash, revoked),
      },
      authority: {
        revokeCertificate: async (_authority, serialNumber, reason, signal) => {
          if (failures.authority) throw failures.authority;
          await this.onTell(serialNumber, signal);
          this.told.push([serialNumber, reason]);
          this.steps.push(`told ${serialNumber}`);
        },
      },
      audit,
      now: () => NOW,
      log,
    });
  }
}

/** `mail` with a current, an earlier and a pending certificate, `new` without one, and `social`, which is cut off. */
export const exampleMesh = () =>
  new MemoryMesh(
    [clientOf('social', { state: 'DISABLED' }), clientOf('mail'), clientOf('new')],
    [
      certificateOf('mail', '0A'),
      certificateOf('mail', '0C', {
        issuedAt: '2026-11-22T11:59:00.000Z',
        issuedBy: 'rotation',
        currentSince: undefined,
      }),
      certificateOf('mail', '0B', {
        issuedAt: '2026-11-22T08:00:00.000Z',
        issuedBy: 'rotation',
        currentSince: '2026-11-22T08:00:02.000Z',
      }),
      certificateOf('social', '0D', {
        status: 'REVOKED',
        revokedAt: '2026-11-21T00:00:00.000Z',
        revokedBy: 'alex',
        revocationReason: 'KEY_COMPROMISE',
      }),
    ],
  );

/** `mail`, and an external client. */
export const partnerMesh = () =>
  new MemoryMesh([clientOf('mail'), externalClientOf('billing', { state: 'DISABLED' })], [certificateOf('mail', '0A')]);
