import type { Log } from '../../../aws/cloudwatch';
import { failureSentence } from '../../../aws/failure';
import type { SecretStage, SecretsManager } from '../../../aws/secrets-manager';
import type { ClientSecret } from '../../../mesh/client-secret';
import { clientNameFromSecretArn } from '../../../mesh/names';
import type { Audit } from '../../../registry/audit';
import type { RegistryClient } from '../../../registry/records';
import type { Registry } from '../../../registry/registry';
import type { Promotion } from '../issue/promotion';
import { SecretVersionError, type SecretVersions } from '../issue/secret-versions';
import type { CertificateProof } from './certificate-proof';

/** The steps of a rotation, in order. */
const ROTATION_STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/**
 * A request from Secrets Manager to the rotation function.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 */
export interface RotationRequest {
  readonly step: (typeof ROTATION_STEPS)[number];
  /** ARN of the secret. */
  readonly secretId: string;
  /** ID of the version that becomes current. It is the same in all steps and their retries. */
  readonly versionId: string;
  /**
   * What Secrets Manager recognizes the rotation by when the function puts the version in the role of another account. Absent
   * in an event that somebody else wrote.
   * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html
   */
  readonly rotationToken?: string;
}

/** The rotation can't continue. */
export class RotationError extends Error {
  override readonly name = 'RotationError';
}

/** @throws RotationError if the event is not from Secrets Manager */
export function readRotationRequest(event: object): RotationRequest {
  const fields: Readonly<Record<string, unknown>> = { ...event };
  const text = (name: string, form: RegExp): string => {
    const value = fields[name];
    if (typeof value === 'string' && form.test(value)) return value;
    throw new RotationError(`the rotation event has no valid ${name}`);
  };
  const hasToken = fields['RotationToken'] !== undefined;
  const step = ROTATION_STEPS.find((candidate) => candidate === fields['Step']);
  if (step === undefined) {
    throw new RotationError(`the Step of the rotation event must be one of ${ROTATION_STEPS.join(', ')}`);
  }
  return {
    step,
    secretId: text('SecretId', /^arn:[\w/+=.@:-]{1,2043}$/),
    versionId: text('ClientRequestToken', /^[\w-]{32,64}$/),
    // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
    ...(hasToken && { rotationToken: text('RotationToken', /^[\w-]{1,256}$/) }),
  };
}

export interface RotationOptions {
  readonly trustDomain: string;
  readonly registry: Pick<Registry, 'getClient' | 'markRotationFailed'>;
  readonly secrets: Pick<SecretsManager, 'findVersion' | 'removePending'>;
  readonly versions: Pick<SecretVersions, 'fill' | 'find'>;
  readonly proof: Pick<CertificateProof, 'prove'>;
  readonly promotion: Pick<Promotion, 'promote'>;
  readonly audit: Audit;
  readonly now: () => Date;
  readonly log: Log;
}

/** How long the report of a failure waits for a response of the registry. Milliseconds. */
const REGISTRY_TIME = 1_500;

/** Characters of the reason that the registry keeps. */
const LONGEST_REASON = 1_000;

type ClientWithSecret = RegistryClient & Required<Pick<RegistryClient, 'secretId'>>;

/**
 * Replaces a client's key and certificate in the four steps of Secrets Manager. Each step can run again. Until the last
 * step moves AWSCURRENT, clients read the previous certificate.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html
 */
export class Rotation {
  constructor(private readonly options: RotationOptions) {}

  /** @throws Error if the step fails. Secrets Manager then counts the rotation as failed. */
  async run(request: RotationRequest, signal: AbortSignal): Promise<void> {
    const { step, secretId, versionId } = request;
    this.options.log({ event: 'rotation-step', step, secretId, versionId });
    try {
      await this.step(request, signal);
    } catch (error) {
      if (error instanceof SecretVersionError) await this.endPending(request, signal);
      throw error;
    }
  }

  /**
   * Records that the rotation failed, if the secret belongs to a client. Whoever invokes the function directly can name any
   * secret, so a failure that names another one is only logged. Names no client if the registry can't be read. Never rejects.
   */
  async reportFailure(secretId: string, error: unknown): Promise<void> {
    const { audit, log } = this.options;
    const reason = failureSentence(error);
    try {
      const { clientName } = await this.findClient(secretId, AbortSignal.timeout(REGISTRY_TIME));
      await Promise.all([
        this.recordFailure(clientName, reason),
        audit.record('rotationFailed', { clientName, reason }, { secretId }),
      ]);
    } catch (cause) {
      if (cause instanceof RotationError) log({ event: 'rotation-refused', secretId, reason });
      else await audit.record('rotationFailed', { reason }, { secretId });
    }
  }

  /** For operators, who may not read the log. Never rejects, because the log, the event, and the metric have the failure too. */
  private async recordFailure(clientName: string, reason: string): Promise<void> {
    const { registry, now, log } = this.options;
    const failure = { rotationFailedAt: now().toISOString(), rotationFailure: reason.slice(0, LONGEST_REASON) };
    try {
      await registry.markRotationFailed(clientName, failure, AbortSignal.timeout(REGISTRY_TIME));
    } catch (cause) {
      log({ event: 'rotation-failure-not-recorded', client: clientName, reason: failureSentence(cause) });
    }
  }

  private async step(request: RotationRequest, signal: AbortSignal): Promise<void> {
    switch (request.step) {
      case 'createSecret':
        return this.create(request, signal);
      case 'setSecret':
        // Nothing to do, because the certificate is in the registry before it is in the secret.
        return;
      case 'testSecret':
        return this.test(request, signal);
      case 'finishSecret':
        return this.finish(request, signal);
    }
  }

  private async create(request: RotationRequest, signal: AbortSignal): Promise<void> {
    const { secretId, versionId, rotationToken } = request;
    const client = await this.findClient(secretId, signal);
    if (client.state === 'DISABLED') {
      throw new RotationError(`client ${client.clientName} is disabled: enable it to rotate its certificate`);
    }
    const issuedBy = 'rotation';
    const version = { secretId, secretVersionId: versionId, stage: 'AWSPENDING', issuedBy, rotationToken } as const;
    await this.assertInProgress(request, signal);
    await this.options.versions.fill(client, version, signal);
  }

  /**
   * Proves that the client can use the version's certificate, and that the gateway and the authorizer accept it. A new
   * schedule that does not rotate immediately runs only this step, on a version with the current value or without a
   * value:
   * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
   */
  private async test({ secretId, versionId }: RotationRequest, signal: AbortSignal): Promise<void> {
    const { versions, proof, log } = this.options;
    const client = await this.findClient(secretId, signal);
    const version = { secretId, secretVersionId: versionId };
    const secret = (await versions.find(client.spiffeId, version, signal)) ?? (await this.findCurrent(client, signal));
    await proof.prove(secret, () => this.findCurrent(client, signal), signal);
    const { serialNumber } = secret;
    log({ event: 'certificate-tested', client: client.clientName, serialNumber, versionId });
  }

  /** Proves the version again, because whoever invokes the function directly can leave out the step that tests it. */
  private async finish(request: RotationRequest, signal: AbortSignal): Promise<void> {
    const { versions, proof, promotion, audit } = this.options;
    const { secretId, versionId } = request;
    const client = await this.findClient(secretId, signal);
    await this.assertInProgress(request, signal);
    const secret = await versions.find(client.spiffeId, { secretId, secretVersionId: versionId }, signal);
    if (secret === undefined) throw new SecretVersionError(`version ${versionId} of ${secretId} has no value`);
    await proof.prove(secret, () => this.findCurrent(client, signal), signal);
    const filled = { secretId, secretVersionId: versionId, secret, isCurrent: false };
    if (!(await promotion.promote(filled, client, signal))) {
      throw new SecretVersionError(`version ${versionId} of ${secretId} is older than the current version`);
    }
    // If the label stayed, it would look like a rotation in progress after a deployment makes another version current.
    await this.endPending(request, signal);
    await audit.record('certificateRotated', { certificate: secret }, { versionId });
  }

  /**
   * Secrets Manager labels the version of a rotation as pending until the rotation is over. After a failure, it repeats all
   * steps, even for a version that the last step made current. Whoever invokes the function directly can name any other
   * version, such as one that failed its test.
   */
  private async assertInProgress(request: RotationRequest, signal: AbortSignal): Promise<void> {
    if (await this.isIn('AWSPENDING', request, signal)) return;
    if (await this.isIn('AWSCURRENT', request, signal)) return;
    const { secretId, versionId } = request;
    throw new RotationError(`version ${versionId} of ${secretId} is not pending: the rotation is over`);
  }

  /** The client that owns the secret, according to both the secret's name and the registry. */
  private async findClient(secretId: string, signal: AbortSignal): Promise<ClientWithSecret> {
    const { trustDomain, registry } = this.options;
    const clientName = clientNameFromSecretArn(secretId, trustDomain);
    if (clientName === undefined) {
      throw new RotationError(`${secretId} is not the secret of a client of trust domain ${trustDomain}`);
    }
    const client = await registry.getClient(clientName, signal);
    if (client === undefined) throw new RotationError(`the registry has no client ${clientName}`);
    if (client.secretId !== secretId) {
      throw new RotationError(
        `the secret of client ${clientName} is ${client.secretId ?? 'none: the client keeps its own key'}`,
      );
    }
    return { ...client, secretId };
  }

  private async findCurrent({ spiffeId, secretId }: ClientWithSecret, signal: AbortSignal): Promise<ClientSecret> {
    const { secrets, versions } = this.options;
    const secretVersionId = await secrets.findVersion(secretId, 'AWSCURRENT', signal);
    const secret = secretVersionId && (await versions.find(spiffeId, { secretId, secretVersionId }, signal));
    if (!secret) throw new RotationError(`${secretId} has no certificate yet`);
    return secret;
  }

  /** Secrets Manager does not start another rotation while a version other than the current one is pending. */
  private async endPending(request: RotationRequest, signal: AbortSignal): Promise<void> {
    const { secrets, log } = this.options;
    const { secretId, versionId } = request;
    try {
      if (!(await this.isIn('AWSPENDING', request, signal))) return;
      await secrets.removePending(secretId, versionId, signal);
      log({ event: 'pending-stage-removed', secretId, versionId });
    } catch (error) {
      log({ event: 'pending-stage-left', secretId, versionId, reason: failureSentence(error) });
    }
  }

  private async isIn(
    stage: SecretStage,
    { secretId, versionId }: RotationRequest,
    signal: AbortSignal,
  ): Promise<boolean> {
    return (await this.options.secrets.findVersion(secretId, stage, signal)) === versionId;
  }
}
