import { AccessDenied, type AwsCall, AwsError } from '../../endpoint/api';
import type { JsonOperation } from '../../endpoint/json-protocol';
import { page } from '../shared/paging';
import { blob, boolean, integer, list, oneOf, optional, type Shape, string, structure } from '../shared/shape';
import { mergeTags, tagList } from '../shared/tags';
import { authorizationOn, authorizeKey, type KeyAuthorizer } from './authorization';
import {
  description,
  named,
  seconds,
  secretValue,
  stagesByVersion,
  stagesUnlessNone,
  versionSummary,
} from './description';
import { FILTER_KEYS, type Filter, matches } from './filter';
import { requestToken, secretId, stage, versionId } from './request-shapes';
import type { Secret, SecretValue } from './secret';
import type { Secrets } from './state';

const DEFAULT_PAGE_SIZE = 100;
/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html */
const BATCH_SIZE = 20;

const paging = {
  MaxResults: optional(integer({ min: 1, max: 100 })),
  NextToken: optional(string({ min: 1, max: 4096 })),
};
const value = {
  SecretString: optional(string({ min: 1, max: 65_536 })),
  SecretBinary: optional(blob({ min: 1, max: 65_536 })),
};

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html */
export function secretsManagerOperations(
  secrets: Secrets,
  now: () => Date,
  keys: KeyAuthorizer,
): Readonly<Record<string, JsonOperation>> {
  const authorize = authorizationOn(secrets);

  const createSecretShape = structure({
    Name: string({ min: 1, max: 512 }),
    ClientRequestToken: requestToken,
    Description: optional(string({ max: 2048 })),
    KmsKeyId: optional(string({ max: 2048 })),
    Tags: optional(tagList),
    ...value,
  });

  function createSecret(input: unknown, call: AwsCall): object {
    const { Name, ClientRequestToken, Description, KmsKeyId, Tags, ...given } = createSecretShape(input, '');
    const requestTags = (Tags ?? []).map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? '']);
    call.authorize('secretsmanager:CreateSecret', `${secrets.arnWithoutSuffix(Name)}-XXXXXX`, {
      'secretsmanager:Name': Name,
      ...Object.fromEntries(requestTags),
    });
    const initial = given.SecretString === undefined && given.SecretBinary === undefined ? undefined : oneValue(given);
    const existing = secrets.find(Name);
    if (existing && initial && existing.versions.some(({ id }) => id === ClientRequestToken)) {
      return { ...named(existing), VersionId: existing.put(ClientRequestToken, initial, now()).id };
    }
    const secret = secrets.create({ name: Name, description: Description, kmsKeyId: KmsKeyId, tags: Tags });
    return initial ? { ...named(secret), VersionId: secret.put(ClientRequestToken, initial, now()).id } : named(secret);
  }

  const getSecretValueShape = structure({
    SecretId: secretId,
    VersionId: optional(versionId),
    VersionStage: optional(stage),
  });

  function getSecretValue(input: unknown, call: AwsCall): object {
    const { SecretId, VersionId, VersionStage } = getSecretValueShape(input, '');
    authorize(call, 'GetSecretValue', SecretId, {
      ...(VersionId === undefined ? {} : { 'secretsmanager:VersionId': VersionId }),
      'secretsmanager:VersionStage': VersionStage ?? 'AWSCURRENT',
    });
    const secret = secrets.getLiving(SecretId);
    const value = secretValue(secret, VersionId, VersionStage);
    authorizeKey(keys, call, secret, 'read');
    return value;
  }

  const filter: Shape<Filter> = structure({
    Key: oneOf(...FILTER_KEYS),
    Values: list(string({ max: 512 }), { min: 1, max: 10 }),
  });
  const batchGetSecretValueShape = structure({
    SecretIdList: optional(list(secretId, { min: 1, max: 20 })),
    Filters: optional(list(filter, { max: 10 })),
    MaxResults: optional(integer({ min: 1, max: 20 })),
    NextToken: paging.NextToken,
  });

  /** Requires the permission to read each secret as well. A secret that can't be read is one of the errors. */
  function batchGetSecretValue(input: unknown, call: AwsCall): object {
    const { SecretIdList, Filters, MaxResults, NextToken } = batchGetSecretValueShape(input, '');
    call.authorize('secretsmanager:BatchGetSecretValue', '*');
    if ((SecretIdList === undefined) === (Filters === undefined)) {
      const reason = 'You must provide either SecretIdList or Filters, and not both.';
      throw new AwsError('InvalidParameterException', reason);
    }
    const matching = secrets
      .all()
      .filter((secret) => !secret.deletionDate && (Filters ?? []).every((each) => matches(secret, each)));
    const wanted = SecretIdList ?? matching.map(({ details }) => details.arn);
    const { items, nextToken } = page(wanted, MaxResults ?? BATCH_SIZE, NextToken);
    const results = items.map((SecretId) => {
      try {
        return { value: getSecretValue({ SecretId }, call) };
      } catch (error) {
        return { error: { SecretId, ...batchError(error) } };
      }
    });
    return {
      SecretValues: results.flatMap(({ value }) => value ?? []),
      Errors: results.flatMap(({ error }) => error ?? []),
      NextToken: nextToken,
    };
  }

  const putSecretValueShape = structure({
    SecretId: secretId,
    ClientRequestToken: requestToken,
    VersionStages: optional(list(stage, { min: 1, max: 20 })),
    RotationToken: optional(string({ min: 36, max: 256 })),
    ...value,
  });

  function putSecretValue(input: unknown, call: AwsCall): object {
    const { SecretId, ClientRequestToken, VersionStages, RotationToken, ...given } = putSecretValueShape(input, '');
    authorize(call, 'PutSecretValue', SecretId);
    const secret = secrets.getLiving(SecretId);
    assertRotationToken(secret, ClientRequestToken, RotationToken, call);
    authorizeKey(keys, call, secret, 'write');
    const version = secret.put(ClientRequestToken, oneValue(given), now(), VersionStages);
    return { ...named(secret), VersionId: version.id, ...stagesUnlessNone(version) };
  }

  const updateSecretVersionStageShape = structure({
    SecretId: secretId,
    VersionStage: stage,
    MoveToVersionId: optional(versionId),
    RemoveFromVersionId: optional(versionId),
  });

  function updateSecretVersionStage(input: unknown, call: AwsCall): object {
    const { SecretId, VersionStage, MoveToVersionId, RemoveFromVersionId } = updateSecretVersionStageShape(input, '');
    authorize(call, 'UpdateSecretVersionStage', SecretId, { 'secretsmanager:VersionStage': VersionStage });
    const secret = secrets.getLiving(SecretId);
    secret.moveStage(VersionStage, MoveToVersionId, RemoveFromVersionId, now());
    return named(secret);
  }

  const justSecretIdShape = structure({ SecretId: secretId });

  function describeSecret(input: unknown, call: AwsCall): object {
    const { SecretId } = justSecretIdShape(input, '');
    authorize(call, 'DescribeSecret', SecretId);
    const secret = secrets.get(SecretId);
    return { ...description(secret), VersionIdsToStages: stagesByVersion(secret) };
  }

  function getResourcePolicy(input: unknown, call: AwsCall): object {
    const { SecretId } = justSecretIdShape(input, '');
    authorize(call, 'GetResourcePolicy', SecretId);
    const secret = secrets.getLiving(SecretId);
    return secret.resourcePolicy
      ? { ...named(secret), ResourcePolicy: JSON.stringify(secret.resourcePolicy) }
      : named(secret);
  }

  const listSecretsShape = structure({
    IncludePlannedDeletion: optional(boolean),
    Filters: optional(list(filter, { max: 10 })),
    SortOrder: optional(oneOf('asc', 'desc')),
    ...paging,
  });

  function listSecrets(input: unknown, call: AwsCall): object {
    const { IncludePlannedDeletion, Filters, SortOrder, MaxResults, NextToken } = listSecretsShape(input, '');
    call.authorize('secretsmanager:ListSecrets', '*');
    const found = secrets
      .all()
      .filter((secret) => IncludePlannedDeletion || !secret.deletionDate)
      .filter((secret) => (Filters ?? []).every((each) => matches(secret, each)));
    const ordered = SortOrder === 'asc' ? found : [...found].reverse();
    const { items, nextToken } = page(ordered, MaxResults ?? DEFAULT_PAGE_SIZE, NextToken);
    return {
      SecretList: items.map((secret) => ({ ...description(secret), SecretVersionsToStages: stagesByVersion(secret) })),
      NextToken: nextToken,
    };
  }

  const listSecretVersionIdsShape = structure({
    SecretId: secretId,
    IncludeDeprecated: optional(boolean),
    ...paging,
  });

  function listSecretVersionIds(input: unknown, call: AwsCall): object {
    const { SecretId, IncludeDeprecated, MaxResults, NextToken } = listSecretVersionIdsShape(input, '');
    authorize(call, 'ListSecretVersionIds', SecretId);
    const secret = secrets.get(SecretId);
    const versions = secret.versions.filter((version) => IncludeDeprecated || version.stages.size > 0);
    const { items, nextToken } = page(versions, MaxResults ?? DEFAULT_PAGE_SIZE, NextToken);
    return { ...named(secret), Versions: items.map(versionSummary), NextToken: nextToken };
  }

  const deleteSecretShape = structure({
    SecretId: secretId,
    RecoveryWindowInDays: optional(integer()),
    ForceDeleteWithoutRecovery: optional(boolean),
  });

  function deleteSecret(input: unknown, call: AwsCall): object {
    const { SecretId, RecoveryWindowInDays, ForceDeleteWithoutRecovery } = deleteSecretShape(input, '');
    authorize(call, 'DeleteSecret', SecretId, {
      'secretsmanager:ForceDeleteWithoutRecovery': String(ForceDeleteWithoutRecovery ?? false),
      ...(RecoveryWindowInDays === undefined
        ? {}
        : { 'secretsmanager:RecoveryWindowInDays': String(RecoveryWindowInDays) }),
    });
    if (ForceDeleteWithoutRecovery && RecoveryWindowInDays !== undefined) {
      const reason = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
      throw new AwsError('InvalidParameterException', reason);
    }
    const window = RecoveryWindowInDays ?? 30;
    if (window < 7 || window > 30) {
      const reason = 'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).';
      throw new AwsError('InvalidParameterException', reason);
    }
    if (!ForceDeleteWithoutRecovery) {
      const secret = secrets.getLiving(SecretId);
      return { ...named(secret), DeletionDate: seconds(secrets.scheduleDeletion(secret, window)) };
    }
    const secret = secrets.find(SecretId);
    if (!secret) return { ARN: secrets.arnWithoutSuffix(SecretId), Name: SecretId, DeletionDate: seconds(now()) };
    secrets.deleteWithoutRecovery(secret);
    return { ...named(secret), DeletionDate: seconds(now()) };
  }

  const tagResourceShape = structure({ SecretId: secretId, Tags: tagList });

  function tagResource(input: unknown, call: AwsCall): undefined {
    const { SecretId, Tags } = tagResourceShape(input, '');
    authorize(call, 'TagResource', SecretId);
    const secret = secrets.getLiving(SecretId);
    secret.details.tags = mergeTags(secret.details.tags, Tags);
  }

  return {
    BatchGetSecretValue: batchGetSecretValue,
    CreateSecret: createSecret,
    DeleteSecret: deleteSecret,
    DescribeSecret: describeSecret,
    GetResourcePolicy: getResourcePolicy,
    GetSecretValue: getSecretValue,
    ListSecrets: listSecrets,
    ListSecretVersionIds: listSecretVersionIds,
    PutSecretValue: putSecretValue,
    TagResource: tagResource,
    UpdateSecretVersionStage: updateSecretVersionStage,
  };
}

function oneValue({ SecretString, SecretBinary }: { SecretString?: string; SecretBinary?: Buffer }): SecretValue {
  if (SecretString !== undefined && SecretBinary === undefined) return { SecretString };
  if (SecretBinary !== undefined && SecretString === undefined) return { SecretBinary };
  throw new AwsError('InvalidParameterException', 'You must provide either SecretString or SecretBinary.');
}

function batchError(error: unknown): { ErrorCode: string; Message: string } {
  if (error instanceof AccessDenied) return { ErrorCode: 'AccessDeniedException', Message: error.message };
  if (error instanceof AwsError) return { ErrorCode: error.code, Message: error.message };
  throw error;
}

/**
 * A rotation function that has assumed a role must name the rotation that it acts for. AWS doesn't document the error.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 */
function assertRotationToken(
  { rotationTokens }: Secret,
  versionId: string,
  given: string | undefined,
  { caller }: AwsCall,
): void {
  const expected = rotationTokens.get(versionId);
  if (expected === undefined || given === expected) return;
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: the keys of assumed roles begin with ASIA.
  if (given === undefined && !caller.accessKeyId.startsWith('ASIA')) return;
  throw new AwsError('InvalidParameterException', 'The RotationToken is not that of the rotation.');
}
