import type { Account } from '../../../account';
import type { ResourceType } from '../../../cloudformation/resource-type';
import { anything, optional, string, structure } from '../../shared/shape';
import { functionArn, functionName } from '../names';
import type { Functions } from '../state';

/** Provisioned concurrency has no effect. */
const versionProperties = structure({
  CodeSha256: optional(string()),
  Description: optional(string({ max: 256 })),
  FunctionName: string({ min: 1, max: 140 }),
  ProvisionedConcurrencyConfig: optional(anything),
});

/**
 * `AWS::Lambda::Version`: the code and configuration of a function when the version is created.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html
 */
export function versionType(account: Account, functions: Functions): ResourceType {
  return {
    properties: {
      CodeSha256: 'createOnly',
      Description: 'createOnly',
      FunctionName: 'createOnly',
      ProvisionedConcurrencyConfig: 'mutable',
    },
    create: async ({ properties }) => {
      const name = functionName(versionProperties(properties, '').FunctionName);
      const version = await functions.publish(name);
      const arn = functionArn(account, `${name}:${version}`);
      return { physicalId: arn, attributes: { FunctionArn: arn, Version: version } };
    },
    update: async (_request, resource) => resource,
    delete: async (_request, resource) => functions.withdraw(functionName(resource.physicalId)),
  };
}
