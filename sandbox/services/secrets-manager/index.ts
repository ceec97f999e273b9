import type { SecretReference } from '../../cloudformation/dynamic-references';
import type { ResourceType } from '../../cloudformation/resource-type';
import { type AwsApi, AwsError } from '../../endpoint/api';
import { jsonApi } from '../../endpoint/json-protocol';
import type { Service, Surroundings } from '../shared/service';
import { secretsManagerOperations } from './operations';
import { secretsManagerQuotas } from './quotas';
import { resourcePolicyType } from './resources/resource-policy';
import { rotationScheduleType } from './resources/rotation-schedule';
import { secretType } from './resources/secret';
import { rotationOperations } from './rotation/operations';
import type { RotationEvents, RotationFunctions } from './rotation/ports';
import { RotationRunner } from './rotation/rotation';
import { Rotations } from './rotation/rotations';
import { Secrets } from './state';

interface SecretsManagerOptions {
  readonly functions: RotationFunctions;
  readonly events: RotationEvents;
}

/** AWS Secrets Manager: secrets with versions and staging labels, rotation, resource policies, and recovery windows. */
export class SecretsManagerService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;
  private readonly secrets: Secrets;

  constructor({ account, clock }: Surroundings, { functions, events }: SecretsManagerOptions) {
    const secrets = new Secrets(account, clock);
    this.secrets = secrets;
    const rotations = new Rotations(clock, new RotationRunner(functions, events));
    const now = () => clock.now();
    this.resourceTypes = {
      'AWS::SecretsManager::Secret': secretType(secrets, now),
      'AWS::SecretsManager::ResourcePolicy': resourcePolicyType(secrets),
      'AWS::SecretsManager::RotationSchedule': rotationScheduleType(secrets, rotations),
    };
    this.api = jsonApi({
      signingName: 'secretsmanager',
      targetPrefix: 'secretsmanager',
      version: '1.1',
      operations: { ...secretsManagerOperations(secrets, now), ...rotationOperations(secrets, rotations) },
      quotas: secretsManagerQuotas(now),
    });
  }

  /** @throws AwsError if the secret, or that version, doesn't exist or isn't text */
  textOf({ secretId, versionId, versionStage }: SecretReference): string {
    const { value } = this.secrets.getLiving(secretId).read(versionId, versionStage);
    if ('SecretString' in value) return value.SecretString;
    throw new AwsError('InvalidRequestException', 'the secret has bytes and no text');
  }
}
