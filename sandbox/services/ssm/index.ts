import type { ParameterReference } from '../../cloudformation/dynamic-references';
import type { ResourceType } from '../../cloudformation/resource-type';
import { type AwsApi, AwsError } from '../../endpoint/api';
import { jsonApi } from '../../endpoint/json-protocol';
import type { Service, Surroundings } from '../shared/service';
import { ssmOperations } from './operations';
import { ssmQuotas } from './quotas';
import { parameterType } from './resources/parameter';
import { Parameters } from './state';

/** The Parameter Store of AWS Systems Manager. The sandbox has nothing else of Systems Manager. */
export class SsmService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;
  private readonly parameters: Parameters;

  constructor({ account, clock }: Surroundings) {
    this.parameters = new Parameters(account, clock);
    this.resourceTypes = { 'AWS::SSM::Parameter': parameterType(this.parameters) };
    this.api = jsonApi({
      signingName: 'ssm',
      targetPrefix: 'AmazonSSM',
      version: '1.1',
      operations: ssmOperations(this.parameters),
      quotas: ssmQuotas(() => clock.now()),
    });
  }

  /** Creates a parameter that no template has, or changes its value. */
  provide(name: string, value: string, { isSecure }: { readonly isSecure: boolean }): void {
    if (this.parameters.find(name)?.versions.at(-1)?.value === value) return;
    this.parameters.put(name, { type: isSecure ? 'SecureString' : 'String', value, tier: 'Intelligent-Tiering' });
  }

  /** @throws AwsError if the parameter, or that version, doesn't exist or is of the wrong kind */
  textOf({ name, version, isSecure }: ParameterReference): string {
    const { type, versions } = this.parameters.get(name);
    if (isSecure !== undefined && isSecure !== (type === 'SecureString')) {
      throw new AwsError('ValidationException', `the SSM parameter ${name} is a ${type}`);
    }
    const found = version === undefined ? versions.at(-1) : versions.find(({ number }) => number === version);
    if (found === undefined) {
      throw new AwsError('ParameterVersionNotFound', `the SSM parameter ${name} has no version ${version}`);
    }
    return found.value;
  }
}
