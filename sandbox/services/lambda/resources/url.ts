import type { ResourceType } from '../../../cloudformation/resource-type';
import { type Functions, functionName } from '../state';
import { type FunctionUrls, readUrlProperties } from '../url/function-urls';

/** `AWS::Lambda::Url`. A function has at most one, so its physical ID is the ARN of the function. */
export function urlType(functions: Functions, urls: FunctionUrls): ResourceType {
  return {
    properties: { AuthType: 'mutable', InvokeMode: 'mutable', TargetFunctionArn: 'createOnly' },
    create: async (request) => {
      const { TargetFunctionArn } = readUrlProperties(request.properties);
      const { arn } = functions.get(functionName(TargetFunctionArn)).configuration;
      return { physicalId: arn, attributes: { FunctionArn: arn, FunctionUrl: urls.add(arn) } };
    },
    update: async (request, resource) => {
      readUrlProperties(request.properties);
      return resource;
    },
    delete: async (_request, resource) => urls.remove(resource.physicalId),
  };
}
