import { randomUUID } from 'node:crypto';
import type { SecretReference } from '../../cloudformation/dynamic-references';
import type { ResourceType } from '../../cloudformation/resource-type';
import { type AwsApi, AwsError } from '../../endpoint/api';
import { jsonApi } from '../../endpoint/json-protocol';
import type { Service, Surroundings } from '../shared/service';
import type { KeyAuthorizer } from './authorization';
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
  readonly keys: KeyAuthorizer;
}

/** AWS Secrets Manager: secrets with versions and staging labels, rotation, resource policies, and recovery windows. */
export class SecretsManagerService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;
  private readonly secrets: Secrets;
  private readonly now: () => Date;

  constructor({ account, clock }: Surroundings, { functions, events, keys }: SecretsManagerOptions) {
    const secrets = new Secrets(account, clock);
    this.secrets = secrets;
    this.now = () => clock.now();
    const rotations = new Rotations(clock, new RotationRunner(functions, events));
    const { now } = this;
    this.resourceTypes = {
      'AWS::SecretsManager::Secret': secretType(secrets, now),
      'AWS::SecretsManager::ResourcePolicy': resourcePolicyType(secrets),
      'AWS::SecretsManager::RotationSchedule': rotationScheduleType(secrets, rotations),
    };
    this.api = jsonApi({
      signingName: 'secretsmanager',
      targetPrefix: 'secretsmanager',
      version: '1.1',
      operations: { ...secretsManagerOperations(secrets, now, keys), ...rotationOperations(secrets, rotations) },
      quotas: secretsManagerQuotas(now),
    });
  }

  /**
   * Creates a secret that no template has, or changes its text.
   * @param secretId its name, or its ARN, in any account and Region
   */
  provide(secretId: string, text: string): void {
    const [, name = secretId] =
      /^arn:[^:]*:secretsmanager:[^:]*:\d*:secret:(.+?)(?:-[A-Za-z0-9]{6})?$/.exec(secretId) ?? [];
    const secret =
      this.secrets.find(secretId) ??
      this.secrets.create({ name, arn: secretId.startsWith('arn:') ? secretId : undefined });
    const current = secret.versionWithStage('AWSCURRENT')?.value;
    if (current === undefined || !('SecretString' in current) || current.SecretString !== text) {
      secret.put(randomUUID(), { SecretString: text }, this.now());
    }
  }

  /** @throws AwsError if the secret, or that version, doesn't exist or isn't text */
  textOf({ secretId, versionId, versionStage }: SecretReference): string {
    const { value } = this.secrets.getLiving(secretId).read(versionId, versionStage);
    if ('SecretString' in value) return value.SecretString;
    throw new AwsError('InvalidRequestException', 'the secret has bytes and no text');
  }
}
