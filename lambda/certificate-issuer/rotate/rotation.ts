import { type ClientSecret, METRICS } from '../../../mesh/contract';
import { clientNameOfSecret } from '../../../mesh/names';
import type { RegistryClient } from '../../../registry/records';
import type { Announcer } from '../../../registry/audit';
import { failureSentence } from '../../../aws/failure';
import type { Log } from '../../log';
import type { Metrics } from '../../../aws/cloudwatch';
import type { CertificateProof } from './certificate-proof';
import type { Registry } from '../registry';
import type { RotationRequest } from './rotation-event';
import type { SecretStage, SecretStore } from '../secret-store';
import { SecretVersionError, type SecretVersions } from '../issue/secret-versions';
import type { Succession } from '../issue/promotion';

type ClientWithSecret = RegistryClient & Required<Pick<RegistryClient, 'secretId'>>;

/** A rotation that must not go on. */
export class RotationError extends Error {
  override readonly name = 'RotationError';
}

/**
 * Renews a client's certificate, and with it the key, in the four steps of Secrets Manager. Each can be run again; until
 * the last has moved the stage, clients read the certificate they had.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html
 */
export class Rotation {
  constructor(
    private readonly trustDomain: string,
    private readonly registry: Pick<Registry, 'getClient'>,
    private readonly secrets: SecretStore,
    private readonly versions: SecretVersions,
    private readonly proof: CertificateProof,
    private readonly succession: Succession,
    private readonly announcer: Announcer,
    private readonly metrics: Metrics,
    private readonly log: Log,
  ) {}

  /** @throws Error for whatever keeps the step from being done; Secrets Manager then counts the rotation as failed */
  async run(request: RotationRequest, signal: AbortSignal): Promise<void> {
    const { step, secretId, versionId } = request;
    this.log({ event: 'rotation-step', step, secretId, versionId });
    try {
      await this.step(request, signal);
    } catch (error) {
      if (error instanceof SecretVersionError) await this.endPending(request, signal);
      throw error;
    }
  }

  /** Tells that the rotation failed. Never rejects. */
  async tellFailure(secretId: string, error: unknown): Promise<void> {
    const clientName = clientNameOfSecret(secretId, this.trustDomain);
    const reason = failureSentence(error);
    this.log({ event: 'rotation-failed', client: clientName, secretId, reason });
    this.metrics.count(METRICS.rotationsFailed);
    await this.announcer.announce('Certificate Rotation Failed', {
      ...(clientName !== undefined && { clientName }),
      reason,
    });
  }

  private async step(request: RotationRequest, signal: AbortSignal): Promise<void> {
    switch (request.step) {
      case 'createSecret':
        return this.create(request, signal);
      case 'setSecret':
        // Whoever must know the certificate, the registry, does so before it comes into the secret.
        return;
      case 'testSecret':
        return this.test(request, signal);
      case 'finishSecret':
        return this.finish(request, signal);
    }
  }

  private async create(request: RotationRequest, signal: AbortSignal): Promise<void> {
    const { secretId, versionId } = request;
    const client = await this.clientOf(secretId, signal);
    if (client.state === 'DISABLED') {
      throw new RotationError(`client ${client.clientName} is disabled: enable it to have its certificate rotated`);
    }
    const version = { secretId, secretVersionId: versionId, stage: 'AWSPENDING', issuedBy: 'rotation' } as const;
    // After a failure Secrets Manager repeats all steps, also those of a version that the last one made current.
    if (!(await this.isIn('AWSPENDING', request, signal)) && !(await this.isIn('AWSCURRENT', request, signal))) {
      throw new RotationError(`version ${versionId} of ${secretId} is not pending: the rotation is over`);
    }
    await this.versions.fill(client, version, signal);
  }

  /**
   * Proves that clients can go over to the version: what it holds serves the client, and gateway and authorizer will let
   * it in. A schedule that is set up without rotating at once has only this step run, on a version with the current value
   * or with none: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
   */
  private async test({ secretId, versionId }: RotationRequest, signal: AbortSignal): Promise<void> {
    const client = await this.clientOf(secretId, signal);
    const version = { secretId, secretVersionId: versionId };
    const secret =
      (await this.versions.find(client.spiffeId, version, signal)) ?? (await this.findCurrent(client, signal));
    await this.proof.prove(secret, () => this.findCurrent(client, signal), signal);
    const { serialNumber } = secret;
    this.log({ event: 'certificate-tested', client: client.clientName, serialNumber, versionId });
  }

  private async finish(request: RotationRequest, signal: AbortSignal): Promise<void> {
    const { secretId, versionId } = request;
    const client = await this.clientOf(secretId, signal);
    const secret = await this.versions.find(client.spiffeId, { secretId, secretVersionId: versionId }, signal);
    if (secret === undefined) throw new SecretVersionError(`version ${versionId} of ${secretId} has no value`);
    const filled = { secretId, secretVersionId: versionId, secret, isCurrent: false };
    if (!(await this.succession.succeed(filled, client, signal))) {
      throw new SecretVersionError(
        `version ${versionId} of ${secretId} is older than the one that became current since`,
      );
    }
    // Left where it is, it would be on its own, as that of a rotation under way, once a deployment makes another current.
    await this.endPending(request, signal);

    const { clientName, spiffeId, serialNumber, fingerprint, notAfter } = secret;
    this.log({ event: 'certificate-rotated', client: clientName, serialNumber, notAfter, versionId });
    this.metrics.count(METRICS.rotationsSucceeded);
    await this.announcer.announce('Certificate Rotated', { clientName, spiffeId, serialNumber, fingerprint, notAfter });
  }

  /** The client whose secret it is, by name and by what the registry says of it. */
  private async clientOf(secretId: string, signal: AbortSignal): Promise<ClientWithSecret> {
    const clientName = clientNameOfSecret(secretId, this.trustDomain);
    if (clientName === undefined) {
      throw new RotationError(`${secretId} is not the secret of a client of trust domain ${this.trustDomain}`);
    }
    const client = await this.registry.getClient(clientName, signal);
    if (client === undefined) throw new RotationError(`the registry knows no client ${clientName}`);
    if (client.secretId !== secretId)
      throw new RotationError(
        `the secret of client ${clientName} is ${client.secretId ?? 'none: it keeps its own key'}`,
      );
    return { ...client, secretId };
  }

  private async findCurrent({ spiffeId, secretId }: ClientWithSecret, signal: AbortSignal): Promise<ClientSecret> {
    const secretVersionId = await this.secrets.findVersion(secretId, 'AWSCURRENT', signal);
    const version = secretVersionId && (await this.versions.find(spiffeId, { secretId, secretVersionId }, signal));
    if (!version) throw new RotationError(`${secretId} holds no certificate yet`);
    return version;
  }

  /** As long as a version that is not current is pending, Secrets Manager starts no other rotation. */
  private async endPending(request: RotationRequest, signal: AbortSignal): Promise<void> {
    const { secretId, versionId } = request;
    try {
      if (!(await this.isIn('AWSPENDING', request, signal))) return;
      await this.secrets.dropPending(secretId, versionId, signal);
      this.log({ event: 'pending-stage-removed', secretId, versionId });
    } catch (error) {
      this.log({ event: 'pending-stage-left', secretId, versionId, reason: failureSentence(error) });
    }
  }

  private async isIn(
    stage: SecretStage,
    { secretId, versionId }: RotationRequest,
    signal: AbortSignal,
  ): Promise<boolean> {
    return (await this.secrets.findVersion(secretId, stage, signal)) === versionId;
  }
}
