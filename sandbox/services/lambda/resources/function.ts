import type { Account } from '../../../account';
import { physicalName } from '../../../cloudformation/physical-name';
import type { Resource, ResourceRequest, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { functionArn } from '../names';
import { readFunctionProperties } from '../runtime/function-configuration';
import type { Functions } from '../state';

const MAX_FUNCTION_NAME = 64;

/** `AWS::Lambda::Function` */
export function functionType(account: Account, functions: Functions): ResourceType {
  async function deploy(name: string, { properties }: ResourceRequest): Promise<Resource> {
    await functions.deploy(name, readFunctionProperties(properties));
    return { physicalId: name, attributes: { Arn: functionArn(account, name) } };
  }

  return {
    properties: {
      Architectures: 'mutable',
      Code: 'mutable',
      Description: 'mutable',
      Environment: 'mutable',
      FunctionName: 'createOnly',
      Handler: 'mutable',
      LoggingConfig: 'mutable',
      MemorySize: 'mutable',
      ReservedConcurrentExecutions: 'mutable',
      Role: 'mutable',
      Runtime: 'mutable',
      Tags: 'mutable',
      Timeout: 'mutable',
      TracingConfig: 'mutable',
      VpcConfig: 'mutable',
    },
    otherProperties: 'ignored',
    create: async (request) => {
      const name = String(request.properties.FunctionName ?? physicalName(request, MAX_FUNCTION_NAME));
      if (functions.has(name))
        throw new AwsError('ResourceConflictException', `the function ${name} already exists`, 409);
      return deploy(name, request);
    },
    update: (request, resource) => deploy(resource.physicalId, request),
    notices: ({ VpcConfig, LoggingConfig }) => [
      ...(VpcConfig === undefined ? [] : ['ignores the network of VpcConfig']),
      ...(Object(LoggingConfig).LogFormat === 'JSON' ? ['ignores LogFormat JSON and logs text'] : []),
    ],
    delete: async (_request, resource) => functions.withdraw(resource.physicalId),
  };
}
