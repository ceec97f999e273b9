import type { Account } from '../../../account';
import type { ResourceType } from '../../../cloudformation/resource-type';
import { functionArn, functionName } from '../names';
import type { Functions } from '../state';
import { type FunctionUrls, readUrlProperties } from '../url/function-urls';

/** `AWS::Lambda::Url`. A function has at most one, so its physical ID is the ARN of the function. */
export function urlType(account: Account, functions: Functions, urls: FunctionUrls): ResourceType {
  return {
    properties: {
      AuthType: 'mutable',
      Cors: 'mutable',
      InvokeMode: 'mutable',
      Qualifier: 'createOnly',
      TargetFunctionArn: 'createOnly',
    },
    create: async (request) => {
      const { TargetFunctionArn, Qualifier } = readUrlProperties(request.properties);
      const name = functionName(Qualifier === undefined ? TargetFunctionArn : `${TargetFunctionArn}:${Qualifier}`);
      functions.get(name);
      const arn = functionArn(account, name);
      return { physicalId: arn, attributes: { FunctionArn: arn, FunctionUrl: urls.add(arn) } };
    },
    update: async (request, resource) => {
      readUrlProperties(request.properties);
      return resource;
    },
    delete: async (_request, resource) => urls.remove(resource.physicalId),
    notices: ({ AuthType, Cors }) => [
      ...(AuthType === 'NONE' ? ['asks for a signature'] : []),
      ...(Cors === undefined ? [] : ['ignores Cors']),
    ],
  };
}
