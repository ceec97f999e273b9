import type { Properties } from '../../cloudformation/resource-type';
import { AccessDenied } from '../../endpoint/api';
import { arnLike } from '../iam/policy/pattern';
import { anything, optional, string, structure } from '../shared/shape';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html */
const permissionProperties = structure({
  Action: string({}, /^(lambda:[\w*]+|\*)$/),
  EventSourceToken: optional(string()),
  FunctionName: string(),
  FunctionUrlAuthType: optional(string()),
  InvokedViaFunctionUrl: optional(anything),
  /** Only those of AWS services have an effect: the sandbox has no other accounts, and its own account needs none. */
  Principal: string(),
  PrincipalOrgID: optional(string()),
  SourceAccount: optional(string()),
  SourceArn: optional(string()),
});

/** No service that invokes a function in the sandbox has a value for these. */
const LIMITS = ['EventSourceToken', 'FunctionUrlAuthType', 'InvokedViaFunctionUrl', 'PrincipalOrgID'] as const;

export type Permission = ReturnType<typeof permissionProperties>;

export function readPermission(properties: Properties): Permission {
  return permissionProperties(properties, '');
}

/** The resource-based policies of functions: which AWS service can invoke which function, for which source. */
export class Permissions {
  private readonly byId = new Map<string, Permission & { readonly functionArn: string }>();

  set(id: string, functionArn: string, permission: Permission): void {
    this.byId.set(id, { ...permission, functionArn });
  }

  delete(id: string): void {
    this.byId.delete(id);
  }

  /** @throws AccessDenied */
  assertAllowed(functionArn: string, service: string, sourceArn: string): void {
    const sourceAccount = sourceArn.split(':')[4];
    const isAllowed = [...this.byId.values()].some(
      (permission) =>
        permission.functionArn === functionArn &&
        permission.Action === 'lambda:InvokeFunction' &&
        !LIMITS.some((limit) => permission[limit] !== undefined) &&
        permission.Principal === service &&
        (permission.SourceAccount === undefined || permission.SourceAccount === sourceAccount) &&
        (permission.SourceArn === undefined || arnLike(permission.SourceArn, sourceArn, {})),
    );
    if (isAllowed) return;
    throw new AccessDenied(
      `${service} is not authorized to perform: lambda:InvokeFunction on resource: ${functionArn} for ${sourceArn} because no resource-based policy allows the lambda:InvokeFunction action`,
    );
  }
}
