import type { Properties } from '../../cloudformation/resource-type';
import { AccessDenied, type PolicyDocument, type PolicyStatement } from '../../endpoint/api';
import { arnLike } from '../iam/policy/pattern';
import { anything, optional, string, structure } from '../shared/shape';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html */
const permissionProperties = structure({
  Action: string({}, /^(lambda:[\w*]+|\*)$/),
  EventSourceToken: optional(string()),
  FunctionName: string(),
  FunctionUrlAuthType: optional(string()),
  InvokedViaFunctionUrl: optional(anything),
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

  /**
   * The policy, as AWS would show it, without the permissions of services. Undefined if there is nothing else in it.
   * https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
   */
  policyOf(functionArn: string): PolicyDocument | undefined {
    const given = [...this.byId].filter(([, one]) => one.functionArn === functionArn && !isService(one.Principal));
    if (given.length === 0) return undefined;
    return { Version: '2012-10-17', Statement: given.map(([id, permission]) => statementOf(id, permission)) };
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

/** Such as `events.amazonaws.com`. */
function isService(principal: string): boolean {
  return /^[\w-]+(\.[\w-]+)+$/.test(principal);
}

/** The conditions are those that `AddPermission` makes of its parameters. */
function statementOf(Sid: string, permission: Permission & { readonly functionArn: string }): PolicyStatement {
  const { Action, Principal, functionArn, FunctionUrlAuthType, InvokedViaFunctionUrl } = permission;
  const { PrincipalOrgID, SourceAccount, SourceArn, EventSourceToken } = permission;
  const equal = {
    'lambda:FunctionUrlAuthType': FunctionUrlAuthType,
    'lambda:EventSourceToken': EventSourceToken,
    'aws:PrincipalOrgID': PrincipalOrgID,
    'aws:SourceAccount': SourceAccount,
  };
  const StringEquals = Object.fromEntries(
    Object.entries(equal).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  return {
    Sid,
    Effect: 'Allow',
    Principal: Principal === '*' ? '*' : { AWS: Principal },
    Action,
    Resource: functionArn,
    Condition: {
      ...(Object.keys(StringEquals).length > 0 && { StringEquals }),
      ...(SourceArn !== undefined && { ArnLike: { 'aws:SourceArn': SourceArn } }),
      ...(InvokedViaFunctionUrl !== undefined && {
        Bool: { 'lambda:InvokedViaFunctionUrl': String(InvokedViaFunctionUrl) },
      }),
    },
  };
}
