import { type Account, globalArn } from '../../../account';
import { physicalName } from '../../../cloudformation/physical-name';
import type { Properties, Resource, ResourceRequest, ResourceType } from '../../../cloudformation/resource-type';
import { parsePolicy } from '../policy/policy';
import type { ManagedPolicies, Roles } from '../state';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MAX_POLICY_NAME = 128;

/** `AWS::IAM::Policy`: an inline policy of one or more roles. Users and groups only stand in, so theirs has no effect. */
export function policyType(roles: Roles): ResourceType {
  function attach(id: string, { PolicyDocument, Roles: roleNames }: Properties): Resource {
    roles.attach(id, parsePolicy(PolicyDocument), roleNamesIn(roleNames));
    return { physicalId: id, attributes: { Id: id } };
  }

  return {
    properties: {
      Groups: 'mutable',
      PolicyDocument: 'mutable',
      PolicyName: 'mutable',
      Roles: 'mutable',
      Users: 'mutable',
    },
    create: async (request) => attach(physicalName(request, MAX_POLICY_NAME), request.properties),
    update: async (request, resource) => attach(resource.physicalId, request.properties),
    delete: async (_request, resource) => roles.detach(resource.physicalId),
  };
}

/** `AWS::IAM::ManagedPolicy` */
export function managedPolicyType(account: Account, roles: Roles, managedPolicies: ManagedPolicies): ResourceType {
  function set(arn: string, { PolicyDocument, Roles: roleNames }: Properties): Resource {
    const policy = parsePolicy(PolicyDocument);
    roles.attach(arn, policy, roleNamesIn(roleNames));
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
      Groups: 'mutable',
      ManagedPolicyName: 'createOnly',
      Path: 'createOnly',
      PolicyDocument: 'mutable',
      Roles: 'mutable',
      Users: 'mutable',
    },
    create: async (request) => set(arnFor(request), request.properties),
    update: async (request, resource) => set(resource.physicalId, request.properties),
    delete: async (_request, resource) => {
      roles.detach(resource.physicalId);
      managedPolicies.delete(resource.physicalId);
    },
  };
}

function roleNamesIn(value: unknown): readonly string[] {
  return ((value ?? []) as readonly unknown[]).map(String);
}
