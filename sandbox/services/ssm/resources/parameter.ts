import { physicalName } from '../../../cloudformation/physical-name';
import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { anything, oneOf, optional, type Shape, string, structure } from '../../shared/shape';
import { type Tag, tagList } from '../../shared/tags';
import { PARAMETER_TIERS, type Parameters } from '../state';

const MAX_NAME = 512;

/** Here, tags are a map. */
const tagMap: Shape<readonly Tag[]> = (value, path) =>
  tagList(
    Object.entries(Object(value)).map(([Key, Value]) => ({ Key, Value })),
    path,
  );

/** CloudFormation creates no secure ones. */
const shape = structure({
  AllowedPattern: optional(string({ max: 1024 })),
  DataType: optional(anything),
  Description: optional(string({ max: 1024 })),
  Name: optional(string({ min: 1, max: MAX_NAME })),
  Policies: optional(string()),
  Tags: optional(tagMap),
  Tier: optional(oneOf(...PARAMETER_TIERS)),
  Type: oneOf('String', 'StringList'),
  Value: string({ min: 1 }),
});

/**
 * `AWS::SSM::Parameter`
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html
 */
export function parameterType(parameters: Parameters): ResourceType {
  function put(name: string, properties: Properties): Resource {
    const { Type, Value, AllowedPattern, Policies, Tags = [], Tier } = shape(properties, '');
    parameters.put(name, {
      type: Type,
      value: Value,
      tier: Tier,
      hasPolicies: Policies !== undefined,
      // An empty pattern allows every value.
      allowedPattern: AllowedPattern ?? '',
      tags: Tags,
    });
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
      // Generated names don't begin with the name of the stack, which could be one that Parameter Store reserves.
      const name = shape(request.properties, '').Name ?? physicalName({ ...request, stackName: 'CFN' }, MAX_NAME);
      parameters.assertName(name);
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
