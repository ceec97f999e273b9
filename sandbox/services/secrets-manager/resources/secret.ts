import { randomUUID } from 'node:crypto';
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
  const { PasswordLength = 32, ExcludeCharacters = '', ExcludePunctuation = false } = GenerateSecretString;
  return randomPassword(PasswordLength, ExcludePunctuation ? ExcludeCharacters + PUNCTUATION : ExcludeCharacters);
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html */
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/**
 * The printable ASCII characters without the space.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html
 */
function randomPassword(length: number, excluded: string): string {
  const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index));
  return randomText(length, printable.filter((character) => !excluded.includes(character)).join(''));
}
