import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi } from '../../endpoint/api';
import { jsonApi } from '../../endpoint/json-protocol';
import type { Service, Surroundings } from '../service';
import { secretsManagerOperations } from './operations';
import { resourcePolicyType } from './resources/resource-policy';
import { secretType } from './resources/secret';
import { Secrets } from './secrets';

/** AWS Secrets Manager: secrets, their versions and staging labels, resource policies, recovery windows. */
export class SecretsManager implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;

  constructor({ account, clock }: Surroundings) {
    const secrets = new Secrets(account, clock);
    const now = () => clock.now();
    this.resourceTypes = {
      'AWS::SecretsManager::Secret': secretType(secrets, now),
      'AWS::SecretsManager::ResourcePolicy': resourcePolicyType(secrets),
    };
    this.api = jsonApi({
      signingName: 'secretsmanager',
      targetPrefix: 'secretsmanager',
      version: '1.1',
      operations: secretsManagerOperations(secrets, now),
    });
  }
}
