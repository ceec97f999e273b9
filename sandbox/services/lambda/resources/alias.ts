import type { Account } from '../../../account';
import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { anything, list, number, optional, string, structure } from '../../shared/shape';
import { functionArn, functionName } from '../names';
import type { Functions } from '../state';

const version = string({ min: 1, max: 1024 }, /^(\$LATEST|\d+)$/);

/** Provisioned concurrency has no effect. */
const aliasProperties = structure({
  Description: optional(string({ max: 256 })),
  FunctionName: string({ min: 1, max: 140 }),
  FunctionVersion: version,
  Name: string({ min: 1, max: 128 }, /^(?!\d+$)[\w-]+$/),
  ProvisionedConcurrencyConfig: optional(anything),
  RoutingConfig: optional(
    structure({
      AdditionalVersionWeights: optional(
        list(structure({ FunctionVersion: version, FunctionWeight: number }), { max: 1 }),
      ),
    }),
  ),
});

/**
 * `AWS::Lambda::Alias`. An update takes effect at once, even with an `UpdatePolicy`.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-alias.html
 */
export function aliasType(account: Account, functions: Functions): ResourceType {
  function set(key: string, properties: Properties): Resource {
    const { FunctionVersion, RoutingConfig } = aliasProperties(properties, '');
    const others = RoutingConfig?.AdditionalVersionWeights ?? [];
    functions.setAlias(key, {
      version: FunctionVersion,
      otherVersions: others.map((other) => ({ version: other.FunctionVersion, weight: other.FunctionWeight })),
    });
    const arn = functionArn(account, key);
    return { physicalId: arn, attributes: { AliasArn: arn } };
  }

  return {
    properties: {
      Description: 'mutable',
      FunctionName: 'createOnly',
      FunctionVersion: 'mutable',
      Name: 'createOnly',
      ProvisionedConcurrencyConfig: 'mutable',
      RoutingConfig: 'mutable',
    },
    create: async ({ properties }) => {
      const { FunctionName, Name } = aliasProperties(properties, '');
      const key = `${functionName(FunctionName)}:${Name}`;
      if (functions.has(key)) throw new AwsError('ResourceConflictException', `Alias already exists: ${key}`, 409);
      return set(key, properties);
    },
    update: async ({ properties }, resource) => set(functionName(resource.physicalId), properties),
    delete: async (_request, resource) => functions.deleteAlias(functionName(resource.physicalId)),
  };
}
