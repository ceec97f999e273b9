import type { Account } from '../../account';
import type { Resource, ResourceRequest, ResourceType } from '../../cloudformation/resource-type';
import { AwsError } from '../../endpoint/api';
import { physicalName } from '../physical-name';
import { readFunctionProperties } from './function-configuration';
import { type FunctionUrls, readUrlProperties } from './function-urls';
import { type Functions, functionArn, functionName } from './functions';
import { type Permissions, readPermission } from './permissions';

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
      Role: 'mutable',
      Runtime: 'mutable',
      Tags: 'mutable',
      Timeout: 'mutable',
      TracingConfig: 'mutable',
    },
    create: async (request) => {
      const name = String(request.properties.FunctionName ?? physicalName(request, MAX_FUNCTION_NAME));
      if (functions.has(name))
        throw new AwsError('ResourceConflictException', `the function ${name} exists already`, 409);
      return deploy(name, request);
    },
    update: (request, resource) => deploy(resource.physicalId, request),
    delete: async (_request, resource) => functions.withdraw(resource.physicalId),
  };
}

/** `AWS::Lambda::Permission` */
export function permissionType(account: Account, functions: Functions, permissions: Permissions): ResourceType {
  return {
    properties: {
      Action: 'createOnly',
      FunctionName: 'createOnly',
      Principal: 'createOnly',
      SourceAccount: 'createOnly',
      SourceArn: 'createOnly',
    },
    create: async (request) => {
      const permission = readPermission(request.properties);
      const name = functionName(permission.FunctionName);
      functions.get(name);
      const id = physicalName(request, 100);
      permissions.set(id, functionArn(account, name), permission);
      return { physicalId: id, attributes: { Id: id } };
    },
    update: async (_request, resource) => resource,
    delete: async (_request, resource) => permissions.delete(resource.physicalId),
  };
}

/** `AWS::Lambda::Url`, of which a function has at most one: its id is the function's ARN. */
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
