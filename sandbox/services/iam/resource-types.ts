import { randomBytes } from 'node:crypto';
import { type Account, globalArn } from '../../account';
import type { Properties, Resource, ResourceRequest, ResourceType } from '../../cloudformation/resource-type';
import { physicalName } from '../physical-name';
import type { ManagedPolicies } from './managed-policies';
import { parsePolicy } from './policy';
import type { Role, Roles } from './roles';

/** Roles have at most 64 characters, policies 128. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MAX_ROLE_NAME = 64;
const MAX_POLICY_NAME = 128;

/** `AWS::IAM::Role` */
export function roleType(account: Account, roles: Roles, managedPolicies: ManagedPolicies): ResourceType {
  function roleOf(properties: Properties, identity: Pick<Role, 'name' | 'arn' | 'roleId'>): Role {
    const managedPolicyArns = strings(properties.ManagedPolicyArns);
    for (const arn of managedPolicyArns) managedPolicies.get(arn);
    return {
      ...identity,
      trustPolicy: parsePolicy(properties.AssumeRolePolicyDocument),
      inlinePolicies: ((properties.Policies ?? []) as readonly Properties[]).map((one) =>
        parsePolicy(one.PolicyDocument),
      ),
      managedPolicyArns,
    };
  }

  return {
    properties: {
      AssumeRolePolicyDocument: 'mutable',
      Description: 'mutable',
      ManagedPolicyArns: 'mutable',
      MaxSessionDuration: 'mutable',
      Path: 'createOnly',
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
  };
}

function describeRole({ name, arn, roleId }: Role): Resource {
  return { physicalId: name, attributes: { Arn: arn, RoleId: roleId } };
}

/** `AWS::IAM::Policy`: an inline policy that several roles may share. */
export function policyType(roles: Roles): ResourceType {
  function attach(id: string, { PolicyDocument, Roles: roleNames }: Properties): Resource {
    roles.attach(id, parsePolicy(PolicyDocument), strings(roleNames));
    return { physicalId: id, attributes: { Id: id } };
  }

  return {
    properties: { PolicyDocument: 'mutable', PolicyName: 'mutable', Roles: 'mutable' },
    create: async (request) => attach(physicalName(request, MAX_POLICY_NAME), request.properties),
    update: async (request, resource) => attach(resource.physicalId, request.properties),
    delete: async (_request, resource) => roles.detach(resource.physicalId),
  };
}

/** `AWS::IAM::ManagedPolicy` */
export function managedPolicyType(account: Account, roles: Roles, managedPolicies: ManagedPolicies): ResourceType {
  function set(arn: string, { PolicyDocument, Roles: roleNames }: Properties): Resource {
    const policy = parsePolicy(PolicyDocument);
    roles.attach(arn, policy, strings(roleNames));
    managedPolicies.set(arn, policy);
    return { physicalId: arn, attributes: { PolicyArn: arn } };
  }

  function arnFor(request: ResourceRequest): string {
    const { ManagedPolicyName, Path = '/' } = request.properties;
    const name = String(ManagedPolicyName ?? physicalName(request, MAX_POLICY_NAME));
    return globalArn(account, 'iam', `policy${String(Path)}${name}`);
  }

  return {
    properties: {
      Description: 'createOnly',
      ManagedPolicyName: 'createOnly',
      Path: 'createOnly',
      PolicyDocument: 'mutable',
      Roles: 'mutable',
    },
    create: async (request) => set(arnFor(request), request.properties),
    update: async (request, resource) => set(resource.physicalId, request.properties),
    delete: async (_request, resource) => {
      roles.detach(resource.physicalId);
      managedPolicies.delete(resource.physicalId);
    },
  };
}

function strings(value: unknown): readonly string[] {
  return ((value ?? []) as readonly unknown[]).map(String);
}
