import { randomBytes } from 'node:crypto';
import { globalArn } from '../../../account';
import { physicalName } from '../../../cloudformation/physical-name';
import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import type { Surroundings } from '../../shared/service';
import { parsePolicy } from '../policy/policy';
import type { ManagedPolicies, Role, Roles } from '../state';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MAX_ROLE_NAME = 64;

type RoleIdentity = Pick<Role, 'name' | 'arn' | 'roleId' | 'path' | 'createdDate'>;

/** `AWS::IAM::Role` */
export function roleType(
  { account, clock }: Surroundings,
  roles: Roles,
  managedPolicies: ManagedPolicies,
): ResourceType {
  function roleOf(properties: Properties, { name, arn, roleId, path, createdDate }: RoleIdentity): Role {
    const managedPolicyArns = managedPolicyArnsIn(properties);
    const permissionsBoundary = boundaryIn(properties);
    return {
      name,
      arn,
      roleId,
      path,
      createdDate,
      description: properties.Description === undefined ? undefined : String(properties.Description),
      trustPolicy: parsePolicy(properties.AssumeRolePolicyDocument),
      trustDocument: properties.AssumeRolePolicyDocument,
      inlinePolicies: ((properties.Policies ?? []) as readonly Properties[]).map((one) =>
        parsePolicy(one.PolicyDocument),
      ),
      managedPolicyArns,
      permissionsBoundary: permissionsBoundary[0],
    };
  }

  return {
    properties: {
      AssumeRolePolicyDocument: 'mutable',
      Description: 'mutable',
      ManagedPolicyArns: 'mutable',
      MaxSessionDuration: 'mutable',
      Path: 'createOnly',
      PermissionsBoundary: 'mutable',
      Policies: 'mutable',
      RoleName: 'createOnly',
      Tags: 'mutable',
    },
    create: async (request) => {
      const { RoleName, Path = '/' } = request.properties;
      const name = String(RoleName ?? physicalName(request, MAX_ROLE_NAME));
      const arn = globalArn(account, 'iam', `role${String(Path)}${name}`);
      const role = roleOf(request.properties, {
        name,
        arn,
        path: String(Path),
        createdDate: clock.now(),
        roleId: `AROA${randomBytes(8).toString('hex').toUpperCase()}`,
      });
      roles.add(role);
      return describeRole(role);
    },
    update: async (request, resource) => {
      const role = roleOf(request.properties, roles.get(resource.physicalId));
      roles.replace(role);
      return describeRole(role);
    },
    delete: async (_request, resource) => roles.delete(resource.physicalId),
    notices: (properties) => {
      const isUnknown = (arn: string) => managedPolicies.find(arn) === undefined;
      return [
        ...managedPolicyArnsIn(properties)
          .filter(isUnknown)
          .map((arn) => `grants nothing of ${arn}`),
        ...boundaryIn(properties)
          .filter(isUnknown)
          .map((arn) => `is not limited to ${arn}`),
      ];
    },
  };
}

function managedPolicyArnsIn({ ManagedPolicyArns = [] }: Properties): readonly string[] {
  return (ManagedPolicyArns as readonly unknown[]).map(String);
}

/** None or one. */
function boundaryIn({ PermissionsBoundary }: Properties): readonly string[] {
  return PermissionsBoundary === undefined ? [] : [String(PermissionsBoundary)];
}

function describeRole({ name, arn, roleId }: Role): Resource {
  return { physicalId: name, attributes: { Arn: arn, RoleId: roleId } };
}
