import type { Secret, SecretValue, SecretVersion } from './secret';

export function secretValue(secret: Secret, versionId?: string, stage?: string): object {
  const version = secret.read(versionId, stage);
  return {
    ...named(secret),
    VersionId: version.id,
    ...stagesUnlessNone(version),
    CreatedDate: seconds(version.createdDate),
    ...valueOnTheWire(version.value),
  };
}

/** AWS omits empty lists. */
export function stagesUnlessNone({ stages }: Pick<SecretVersion, 'stages'>): { VersionStages?: readonly string[] } {
  return stages.size > 0 ? { VersionStages: [...stages] } : {};
}

function valueOnTheWire(value: SecretValue): object {
  return 'SecretString' in value ? value : { SecretBinary: value.SecretBinary.toString('base64') };
}

export function named({ details }: Secret): { ARN: string; Name: string } {
  return { ARN: details.arn, Name: details.name };
}

export function description(secret: Secret): object {
  const { description, kmsKeyId, tags, createdDate } = secret.details;
  return {
    ...named(secret),
    ...rotationDescription(secret),
    Description: description,
    KmsKeyId: kmsKeyId,
    Tags: tags.length > 0 ? tags : undefined,
    CreatedDate: seconds(createdDate),
    LastChangedDate: seconds(secret.lastChangedDate),
    DeletedDate: secret.deletionDate && seconds(secret.deletionDate),
  };
}

function rotationDescription({ rotation }: Secret): object {
  if (rotation === undefined) return {};
  return {
    RotationEnabled: rotation.isEnabled,
    RotationLambdaARN: rotation.functionArn,
    RotationRules: rotation.rules?.given,
    LastRotatedDate: rotation.lastRotatedDate && seconds(rotation.lastRotatedDate),
    NextRotationDate: rotation.nextRotationDate && seconds(rotation.nextRotationDate),
  };
}

export function versionSummary({ id, stages, createdDate }: SecretVersion): object {
  return { VersionId: id, ...stagesUnlessNone({ stages }), CreatedDate: seconds(createdDate) };
}

/** Undefined if no version has a label. */
export function stagesByVersion(secret: Secret): object | undefined {
  const labelled = secret.versions.filter(({ stages }) => stages.size > 0);
  return labelled.length > 0 ? Object.fromEntries(labelled.map(({ id, stages }) => [id, [...stages]])) : undefined;
}

/** Timestamps in AWS JSON are seconds since 1970, with a fraction. */
export function seconds(date: Date): number {
  return date.getTime() / 1000;
}
