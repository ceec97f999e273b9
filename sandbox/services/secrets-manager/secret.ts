import { AwsError, type PolicyDocument } from '../../endpoint/api';
import type { Tag } from '../shared/tags';
import type { RotationConfiguration } from './rotation/rules';

/** Either text or bytes. */
export type SecretValue = { readonly SecretString: string } | { readonly SecretBinary: Buffer };

export interface SecretVersion {
  readonly id: string;
  readonly createdDate: Date;
  /** Absent if a rotation has announced the version but not put its value yet. */
  value?: SecretValue;
  readonly stages: Set<string>;
}

export interface SecretDetails {
  readonly name: string;
  readonly arn: string;
  readonly createdDate: Date;
  description?: string | undefined;
  kmsKeyId?: string | undefined;
  tags: readonly Tag[];
}

/**
 * The maximum number of staging labels of a version.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
 */
const MAX_STAGES = 20;

/**
 * A secret with its versions and staging labels. At most one version has a label, and AWSPREVIOUS moves to the version
 * that loses AWSCURRENT. https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
 */
export class Secret {
  private readonly versionsById = new Map<string, SecretVersion>();
  resourcePolicy?: PolicyDocument | undefined;
  /** What the function of a rotation received last, by the version ID. */
  readonly rotationTokens = new Map<string, string>();
  /** Absent until rotation is configured for the first time. */
  rotation?: RotationConfiguration;
  lastChangedDate: Date;
  /** When the secret can no longer be restored. Absent if the secret isn't deleted. */
  deletionDate?: Date;

  constructor(readonly details: SecretDetails) {
    this.lastChangedDate = details.createdDate;
  }

  get versions(): readonly SecretVersion[] {
    return [...this.versionsById.values()];
  }

  versionWithStage(stage: string): SecretVersion | undefined {
    return this.versions.find((version) => version.stages.has(stage));
  }

  /**
   * The version with the given stage and ID, or with one of them, or with AWSCURRENT.
   * @throws AwsError `ResourceNotFoundException` if there is none or it has no value yet; `InvalidRequestException` if
   * the stage and the ID identify different versions
   */
  read(versionId?: string, stage?: string): SecretVersion & { readonly value: SecretValue } {
    const label = versionId === undefined ? (stage ?? 'AWSCURRENT') : stage;
    const version = versionId === undefined ? this.versionWithStage(label ?? '') : this.versionsById.get(versionId);
    const wanted = versionId === undefined ? `staging label: ${label}` : `VersionId: ${versionId}`;
    if (version && stage !== undefined && !version.stages.has(stage)) {
      const reason = 'You provided a VersionStage that is not associated to the provided VersionId.';
      throw new AwsError('InvalidRequestException', reason);
    }
    if (version?.value === undefined) {
      const reason = `Secrets Manager can't find the specified secret value for ${wanted}`;
      throw new AwsError('ResourceNotFoundException', reason);
    }
    return { ...version, value: version.value };
  }

  /**
   * Puts a value with the version ID `token`. The same value again changes nothing. A version without a value receives
   * it. The first version of the secret becomes AWSCURRENT, whatever `stages` contains.
   * @throws AwsError `ResourceExistsException` if the version has another value
   */
  put(token: string, value: SecretValue, at: Date, stages: readonly string[] = ['AWSCURRENT']): SecretVersion {
    const existing = this.versionsById.get(token);
    if (existing?.value !== undefined) {
      if (!isSameValue(existing.value, value)) throw tokenInUse(token, this.details.arn);
      return existing;
    }
    const version = existing ?? { id: token, createdDate: at, stages: new Set<string>() };
    version.value = value;
    const isFirst = this.versionsById.size === 0;
    this.versionsById.set(token, version);
    for (const stage of isFirst ? new Set([...stages, 'AWSCURRENT']) : stages) this.attach(stage, version);
    this.lastChangedDate = at;
    return version;
  }

  /**
   * Adds the pending version of a rotation, with AWSPENDING. It has no value unless one is given.
   * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
   */
  announce(token: string, at: Date, value?: SecretValue): void {
    const version = { id: token, createdDate: at, stages: new Set<string>(), ...(value && { value }) };
    this.versionsById.set(token, version);
    this.attach('AWSPENDING', version);
  }

  /** Removes a version and its labels. */
  discard(versionId: string): void {
    this.versionsById.delete(versionId);
  }

  /**
   * Adds a staging label to a version, removes it from another version, or both.
   * @throws AwsError `InvalidParameterException` if the label would leave a version that the caller didn't name, isn't
   * on the version that the caller named, or no version would have AWSCURRENT; `ResourceNotFoundException` for an
   * unknown version
   */
  moveStage(stage: string, moveTo: string | undefined, removeFrom: string | undefined, at: Date): void {
    const holder = this.versionWithStage(stage);
    const target = moveTo === undefined ? undefined : this.existing(moveTo);
    if (removeFrom !== undefined) this.existing(removeFrom);
    if (target === undefined && removeFrom === undefined) {
      throw new AwsError('InvalidParameterException', 'give MoveToVersionId, RemoveFromVersionId or both');
    }
    if (target === undefined && stage === 'AWSCURRENT') {
      const reason =
        "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.";
      throw new AwsError('InvalidParameterException', reason);
    }
    const leaves = holder === target ? undefined : holder?.id;
    if (removeFrom === undefined ? leaves !== undefined : removeFrom !== holder?.id) {
      throw stageElsewhere(stage, holder?.id, removeFrom);
    }
    if (target) this.attach(stage, target);
    else holder?.stages.delete(stage);
    this.lastChangedDate = at;
  }

  private existing(versionId: string): SecretVersion {
    const version = this.versionsById.get(versionId);
    if (version) return version;
    const reason = `Secrets Manager can't find the specified secret version: ${versionId}`;
    throw new AwsError('ResourceNotFoundException', reason);
  }

  private attach(stage: string, target: SecretVersion): void {
    const holder = this.versionWithStage(stage);
    if (holder === target) return;
    if (target.stages.size >= MAX_STAGES) {
      throw new AwsError('LimitExceededException', `a version can have at most ${MAX_STAGES} staging labels`);
    }
    holder?.stages.delete(stage);
    target.stages.add(stage);
    if (stage !== 'AWSCURRENT' || holder === undefined) return;
    this.versionWithStage('AWSPREVIOUS')?.stages.delete('AWSPREVIOUS');
    holder.stages.add('AWSPREVIOUS');
  }
}

function isSameValue(one: SecretValue, other: SecretValue): boolean {
  if ('SecretString' in one) return 'SecretString' in other && one.SecretString === other.SecretString;
  return 'SecretBinary' in other && one.SecretBinary.equals(other.SecretBinary);
}

function tokenInUse(token: string, arn: string): AwsError {
  const reason = `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`;
  return new AwsError('ResourceExistsException', reason);
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html */
function stageElsewhere(stage: string, holder: string | undefined, named: string | undefined): AwsError {
  if (holder === undefined) {
    return new AwsError('InvalidParameterException', `Staging label ${stage} is not attached to version ${named}.`);
  }
  const mistake = named === undefined ? "can't be empty" : 'names another version';
  const reason = `The parameter RemoveFromVersionId ${mistake}. Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`;
  return new AwsError('InvalidParameterException', reason);
}
