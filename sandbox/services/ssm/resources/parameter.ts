import { physicalName } from '../../../cloudformation/physical-name';
import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { anything, oneOf, optional, string, structure } from '../../shared/shape';
import type { Parameters } from '../state';

const MAX_NAME = 512;

/** CloudFormation creates no secure ones. The allowed pattern is checked. */
const shape = structure({
  AllowedPattern: optional(string({ max: 1024 })),
  DataType: optional(anything),
  Description: optional(string({ max: 1024 })),
  Name: optional(string({ min: 1, max: MAX_NAME }, /^[\w./-]+$/)),
  Policies: optional(anything),
  Tags: optional(anything),
  Tier: optional(anything),
  Type: oneOf('String', 'StringList'),
  Value: string({ min: 1, max: 8192 }),
});

/**
 * `AWS::SSM::Parameter`
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html
 */
export function parameterType(parameters: Parameters): ResourceType {
  function put(name: string, properties: Properties): Resource {
    const { Type, Value, AllowedPattern } = shape(properties, '');
    if (AllowedPattern !== undefined && !new RegExp(AllowedPattern).test(Value)) {
      throw new AwsError(
        'ParameterPatternMismatchException',
        `Parameter value, cannot be validated against ${AllowedPattern}`,
      );
    }
    parameters.put(name, Type, Value);
    return { physicalId: name, attributes: { Type, Value } };
  }

  return {
    properties: {
      AllowedPattern: 'mutable',
      DataType: 'mutable',
      Description: 'mutable',
      Name: 'createOnly',
      Policies: 'mutable',
      Tags: 'mutable',
      Tier: 'mutable',
      Type: 'mutable',
      Value: 'mutable',
    },
    create: async (request) => {
      // A generated name is a prefix of logical IDs without a slash.
      const name = shape(request.properties, '').Name ?? physicalName(request, MAX_NAME);
      if (parameters.find(name) !== undefined) {
        throw new AwsError('ParameterAlreadyExists', `the SSM parameter ${name} already exists`);
      }
      return put(name, request.properties);
    },
    update: async ({ properties }, resource) => put(resource.physicalId, properties),
    delete: async (_request, resource) => {
      parameters.delete(resource.physicalId);
    },
  };
}
