import type { Account } from '../../../account';
import { physicalName } from '../../../cloudformation/physical-name';
import type { ResourceType } from '../../../cloudformation/resource-type';
import { functionArn, functionName } from '../names';
import { type Permissions, readPermission } from '../permissions';
import type { Functions } from '../state';

/** `AWS::Lambda::Permission` */
export function permissionType(account: Account, functions: Functions, permissions: Permissions): ResourceType {
  return {
    properties: {
      Action: 'createOnly',
      EventSourceToken: 'createOnly',
      FunctionName: 'createOnly',
      FunctionUrlAuthType: 'createOnly',
      InvokedViaFunctionUrl: 'createOnly',
      Principal: 'createOnly',
      PrincipalOrgID: 'createOnly',
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
