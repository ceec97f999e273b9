import { ClientSecretError, parseClientSecret, verifyClientSecret } from '../../../mesh/client-secret';
import type { ClientSecret } from '../../../mesh/contract';
import type { Log } from '../../log';
import type { CertificateIssuer } from './issuance';
import type { CertificateOrder } from './certificate-order';
import type { CertificateRevoker } from '../../../registry/revocation';
import type { Registry, Revocation } from '../registry';
import type { SecretStage, SecretStore } from '../secret-store';

/** A version of a secret has a value that can't be what it is there for. No other can take its place. */
export class SecretVersionError extends Error {
  override readonly name = 'SecretVersionError';
}

/** A version of a client's secret that is to hold a certificate. */
export interface SecretVersion {
  readonly secretId: string;
  readonly secretVersionId: string;
  readonly issuedBy: Revocation['by'];
  /** In which stage the version begins. */
  readonly stage: SecretStage;
}

/** A version with the certificate that it holds. */
export interface FilledVersion extends Pick<SecretVersion, 'secretId' | 'secretVersionId'> {
  readonly secret: ClientSecret;
  /** Whether it is known to be the current one without asking. */
  readonly isCurrent: boolean;
}

/** Brings certificates into versions of clients' secrets: into each of them one, however often it is tried. */
export class SecretVersions {
  constructor(
    private readonly issuer: Pick<CertificateIssuer, 'issue'>,
    private readonly registry: Pick<Registry, 'certificatesOf'>,
    private readonly revoker: CertificateRevoker,
    private readonly secrets: SecretStore,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  /**
   * Finds or makes what the version holds.
   * @throws SecretVersionError when it holds something else
   */
  async fill(order: CertificateOrder, version: SecretVersion, signal: AbortSignal): Promise<FilledVersion> {
    const found = await this.find(order.spiffeId, version, signal);
    const filled = found ? filledVersion(version, found) : await this.issue(order, version, signal);
    await this.revokeLost(filled.secret, version, signal);
    return filled;
  }

  /** What the version holds, able to serve the client of that SPIFFE ID. */
  async find(
    spiffeId: string,
    { secretId, secretVersionId }: Pick<SecretVersion, 'secretId' | 'secretVersionId'>,
    signal: AbortSignal,
  ): Promise<ClientSecret | undefined> {
    const value = await this.secrets.getVersion(secretId, secretVersionId, signal);
    if (value === undefined) return undefined;
    const secret = usable(value, secretVersionId, this.now());
    if (secret.spiffeId !== spiffeId) {
      throw new SecretVersionError(
        `version ${secretVersionId} of ${secretId} holds the certificate of ${secret.spiffeId}`,
      );
    }
    const { clientName, serialNumber } = secret;
    this.log({ event: 'certificate-found', client: clientName, serialNumber, secretVersionId });
    return secret;
  }

  private async issue(order: CertificateOrder, version: SecretVersion, signal: AbortSignal): Promise<FilledVersion> {
    const { secretId, secretVersionId, stage, issuedBy } = version;
    const secret = await this.issuer.issue(order, { secretVersionId, issuedBy }, signal);
    signal.throwIfAborted();
    const outcome = await this.secrets.putVersion(secretId, secretVersionId, stage, JSON.stringify(secret), signal);
    if (outcome !== 'taken') {
      const { clientName, serialNumber } = secret;
      this.log({ event: 'secret-stored', client: clientName, serialNumber, secretVersionId, stage });
      return filledVersion(version, secret, outcome === 'stored as current');
    }
    // Lambda may run the same event twice at once; the other run was first.
    const stored = await this.find(order.spiffeId, version, signal);
    if (stored === undefined) throw new SecretVersionError(`version ${secretVersionId} of ${secretId} has no value`);
    return filledVersion(version, stored);
  }

  /**
   * Once a version has its value, other certificates that were issued for it belong to runs which did not get so far:
   * their keys are lost, or about to be.
   */
  private async revokeLost(kept: ClientSecret, { secretVersionId, issuedBy }: SecretVersion, signal: AbortSignal) {
    for (const certificate of await this.registry.certificatesOf(kept.clientName, signal)) {
      if (certificate.secretVersionId !== secretVersionId || certificate.fingerprint === kept.fingerprint) continue;
      await this.revoker.revoke(certificate, { by: issuedBy, reason: 'SUPERSEDED' }, signal);
    }
  }
}

function filledVersion(version: SecretVersion, secret: ClientSecret, isCurrent = false): FilledVersion {
  const { secretId, secretVersionId } = version;
  return { secretId, secretVersionId, secret, isCurrent };
}

function usable(value: string, secretVersionId: string, at: Date): ClientSecret {
  try {
    const secret = parseClientSecret(value);
    verifyClientSecret(secret, at);
    return secret;
  } catch (cause) {
    if (!(cause instanceof ClientSecretError)) throw cause;
    throw new SecretVersionError(`version ${secretVersionId} can't serve the client`, { cause });
  }
}
