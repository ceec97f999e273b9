import type { Log } from '../../../aws/cloudwatch';
import type { SecretStage, SecretsManager } from '../../../aws/secrets-manager';
import {
  type ClientSecret,
  ClientSecretError,
  parseClientSecret,
  verifyClientSecret,
} from '../../../mesh/client-secret';
import type { RegistryCertificate } from '../../../registry/records';
import type { Registry } from '../../../registry/registry';
import type { Revocation } from '../../../registry/revocation';
import { whenPermitted } from '../../custom-resource/new-permission';
import type { CertificateOrder } from './certificate-order';
import type { Issuance } from './issuance';

/** The client can't use a version of its secret. The value of a version never changes. */
export class SecretVersionError extends Error {
  override readonly name = 'SecretVersionError';
}

export interface SecretVersionId {
  readonly secretId: string;
  readonly secretVersionId: string;
}

/** A version of a client's secret that receives a certificate. */
export interface NewSecretVersion extends SecretVersionId {
  readonly issuedBy: RegistryCertificate['issuedBy'];
  /** The first staging label of the version. */
  readonly stage: SecretStage;
  /** Of the rotation that receives the certificate. */
  readonly rotationToken?: string | undefined;
}

/** A version with its certificate. */
export interface FilledVersion extends SecretVersionId {
  readonly secret: ClientSecret;
  /** Whether the version has become AWSCURRENT with its value. */
  readonly isCurrent: boolean;
}

export interface SecretVersionsOptions {
  readonly issuance: Pick<Issuance, 'issue'>;
  readonly registry: Pick<Registry, 'certificatesOf'>;
  readonly revocation: Pick<Revocation, 'revoke'>;
  readonly secrets: Pick<SecretsManager, 'getVersion' | 'putVersion'>;
  readonly now: () => Date;
  readonly log: Log;
}

/** Issues certificates into versions of client secrets: exactly one per version, no matter how often it runs. */
export class SecretVersions {
  constructor(private readonly options: SecretVersionsOptions) {}

  /**
   * Returns the version's certificate. Issues it if the version has no value.
   * @throws SecretVersionError if the version has another value
   */
  async fill(order: CertificateOrder, version: NewSecretVersion, signal: AbortSignal): Promise<FilledVersion> {
    const found = await this.find(order.spiffeId, version, signal);
    const filled = found ? filledVersion(version, found) : await this.issue(order, version, signal);
    await this.revokeLost(filled.secret, version, signal);
    return filled;
  }

  /**
   * The version's value. Undefined if it has none yet.
   * @throws SecretVersionError if the client with the SPIFFE ID can't use the value
   */
  async find(
    spiffeId: string,
    { secretId, secretVersionId }: SecretVersionId,
    signal: AbortSignal,
  ): Promise<ClientSecret | undefined> {
    const { secrets, now, log } = this.options;
    const value = await secrets.getVersion(secretId, secretVersionId, signal);
    if (value === undefined) return undefined;
    const secret = readSecret(value, secretVersionId, now());
    if (secret.spiffeId !== spiffeId) {
      throw new SecretVersionError(
        `version ${secretVersionId} of ${secretId} contains the certificate of ${secret.spiffeId}`,
      );
    }
    const { clientName, serialNumber } = secret;
    log({ event: 'certificate-found', client: clientName, serialNumber, secretVersionId });
    return secret;
  }

  private async issue(order: CertificateOrder, version: NewSecretVersion, signal: AbortSignal): Promise<FilledVersion> {
    const { issuance, secrets, log } = this.options;
    const { secretId, secretVersionId, stage, issuedBy, rotationToken } = version;
    const secret = await issuance.issue(order, { secretVersionId, issuedBy }, signal);
    signal.throwIfAborted();
    const added = { secretId, versionId: secretVersionId, stage, value: JSON.stringify(secret), rotationToken };
    // The deployment that repeats what is denied would begin with another certificate.
    const result = await whenPermitted((limited) => secrets.putVersion(added, limited), signal);
    if (result !== 'exists') {
      const { clientName, serialNumber } = secret;
      log({ event: 'secret-stored', client: clientName, serialNumber, secretVersionId, stage });
      return filledVersion(version, secret, result === 'stored as current');
    }
    // Lambda may run the same event twice at the same time, and the other run was first.
    const stored = await this.find(order.spiffeId, version, signal);
    if (stored === undefined) throw new SecretVersionError(`version ${secretVersionId} of ${secretId} has no value`);
    return filledVersion(version, stored);
  }

  /**
   * Revokes other certificates that were issued for the version. They come from runs that did not store their secret,
   * and their keys are lost.
   */
  private async revokeLost(kept: ClientSecret, { secretVersionId, issuedBy }: NewSecretVersion, signal: AbortSignal) {
    const { registry, revocation } = this.options;
    for (const certificate of await registry.certificatesOf(kept.clientName, signal)) {
      if (certificate.secretVersionId !== secretVersionId || certificate.fingerprint === kept.fingerprint) continue;
      await revocation.revoke(certificate, { by: issuedBy, reason: 'SUPERSEDED' }, signal);
    }
  }
}

function filledVersion(version: SecretVersionId, secret: ClientSecret, isCurrent = false): FilledVersion {
  const { secretId, secretVersionId } = version;
  return { secretId, secretVersionId, secret, isCurrent };
}

function readSecret(value: string, secretVersionId: string, at: Date): ClientSecret {
  try {
    const secret = parseClientSecret(value);
    verifyClientSecret(secret, at);
    return secret;
  } catch (cause) {
    if (!(cause instanceof ClientSecretError)) throw cause;
    throw new SecretVersionError(`version ${secretVersionId} can't serve the client`, { cause });
  }
}
