import { randomInt, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { randomText } from '../../shared/random-text';
import { boolean, integer, optional, string, structure } from '../../shared/shape';
import { tagList } from '../../shared/tags';
import type { Secret } from '../secret';
import type { Secrets } from '../state';

const shape = structure({
  Name: optional(string({ min: 1, max: 512 })),
  Description: optional(string({ max: 2048 })),
  KmsKeyId: optional(string({ max: 2048 })),
  SecretString: optional(string({ min: 1, max: 65_536 })),
  GenerateSecretString: optional(
    structure({
      PasswordLength: optional(integer({ min: 1, max: 4096 })),
      ExcludeCharacters: optional(string({ max: 4096 })),
      ExcludePunctuation: optional(boolean),
      ExcludeLowercase: optional(boolean),
      ExcludeNumbers: optional(boolean),
      ExcludeUppercase: optional(boolean),
      IncludeSpace: optional(boolean),
      RequireEachIncludedType: optional(boolean),
      GenerateStringKey: optional(string({ min: 1, max: 10_240 })),
      SecretStringTemplate: optional(string({ min: 1, max: 10_240 })),
    }),
  ),
  Tags: optional(tagList),
});

/**
 * `AWS::SecretsManager::Secret`. A version is written only if the value in the template changes, so updates keep values
 * that others put. Without SecretString and GenerateSecretString, the secret has no version at first. Deletion has no
 * recovery window: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html and
 * https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1999
 */
export function secretType(secrets: Secrets, now: () => Date): ResourceType {
  function writeValue(secret: Secret, properties: Properties): void {
    const value = templateValue(properties);
    if (value !== undefined) secret.put(randomUUID(), { SecretString: value }, now());
  }

  return {
    properties: {
      Name: 'createOnly',
      Description: 'mutable',
      KmsKeyId: 'mutable',
      SecretString: 'mutable',
      GenerateSecretString: 'mutable',
      Tags: 'mutable',
    },
    otherProperties: 'ignored',
    async create({ logicalId, properties }) {
      const { Name, Description, KmsKeyId, Tags } = shape(properties, '');
      const name = Name ?? `${logicalId}-${randomText(12)}`;
      const secret = secrets.create({ name, description: Description, kmsKeyId: KmsKeyId, tags: Tags });
      writeValue(secret, properties);
      return asResource(secret);
    },
    async update({ properties }, resource, oldProperties) {
      const { Description, KmsKeyId, Tags } = shape(properties, '');
      const secret = secrets.getLiving(resource.physicalId);
      Object.assign(secret.details, { description: Description, kmsKeyId: KmsKeyId, tags: Tags ?? [] });
      if (!isDeepStrictEqual(valueProperties(properties), valueProperties(oldProperties)))
        writeValue(secret, properties);
      return asResource(secret);
    },
    async delete(_request, resource) {
      const secret = secrets.find(resource.physicalId);
      if (secret) secrets.deleteWithoutRecovery(secret);
    },
  };
}

function asResource({ details: { arn } }: Secret): Resource {
  return { physicalId: arn, attributes: { Id: arn } };
}

function valueProperties({ SecretString, GenerateSecretString }: Properties): readonly unknown[] {
  return [SecretString, GenerateSecretString];
}

function templateValue(properties: Properties): string | undefined {
  const { SecretString, GenerateSecretString } = shape(properties, '');
  if (SecretString !== undefined && GenerateSecretString !== undefined) {
    const reason = 'You can specify either SecretString or GenerateSecretString, but not both.';
    throw new AwsError('InvalidParameterException', reason);
  }
  if (!GenerateSecretString) return SecretString;
  const password = randomPassword(GenerateSecretString);
  const { SecretStringTemplate, GenerateStringKey } = GenerateSecretString;
  if ((SecretStringTemplate === undefined) !== (GenerateStringKey === undefined)) {
    throw new AwsError('InvalidRequestException', 'SecretStringTemplate and GenerateStringKey must be given together');
  }
  if (SecretStringTemplate === undefined || GenerateStringKey === undefined) return password;
  return JSON.stringify({ ...jsonObject(SecretStringTemplate), [GenerateStringKey]: password });
}

function jsonObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new AwsError('InvalidRequestException', 'SecretStringTemplate must be a JSON object');
}

/**
 * The kinds of characters of a password.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-secretsmanager-secret-generatesecretstring.html
 */
const KINDS = {
  Lowercase: 'abcdefghijklmnopqrstuvwxyz',
  Uppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  Numbers: '0123456789',
  Punctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
} as const;

/** With at least one character of each kind that isn't left out, unless `RequireEachIncludedType` is false. */
function randomPassword(options: NonNullable<ReturnType<typeof shape>['GenerateSecretString']>): string {
  const { PasswordLength = 32, ExcludeCharacters = '', RequireEachIncludedType = true, IncludeSpace } = options;
  const kinds = Object.entries(KINDS)
    .filter(([kind]) => !options[`Exclude${kind as keyof typeof KINDS}`])
    .map(([, characters]) => [...characters].filter((one) => !ExcludeCharacters.includes(one)).join(''))
    .filter((characters) => characters !== '');
  const all = kinds.join('') + (IncludeSpace ? ' ' : '');
  const required = RequireEachIncludedType ? kinds : [];
  if (all === '' || PasswordLength < required.length) {
    throw new AwsError('InvalidParameterException', 'no password has such a length and such characters');
  }
  const characters = [
    ...required.map((kind) => randomText(1, kind)),
    randomText(PasswordLength - required.length, all),
  ];
  return shuffled(characters.join(''));
}

function shuffled(text: string): string {
  const rest = [...text];
  return Array.from({ length: text.length }, () => rest.splice(randomInt(rest.length), 1)[0]).join('');
}
