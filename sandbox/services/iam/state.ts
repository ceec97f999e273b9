import type { Account } from '../../account';
import { AwsError } from '../../endpoint/api';
import { type Policy, parsePolicy } from './policy/policy';

export interface Role {
  readonly name: string;
  readonly arn: string;
  readonly roleId: string;
  readonly trustPolicy: Policy;
  /** The inline policies in the role's own template resource. */
  readonly inlinePolicies: readonly Policy[];
  readonly managedPolicyArns: readonly string[];
}

/** The roles of the account, and the policies that other resources attach to them. */
export class Roles {
  private readonly byName = new Map<string, Role>();
  /** By role name, then by the physical ID of the attaching resource. */
  private readonly attached = new Map<string, Map<string, Policy>>();

  constructor(private readonly managedPolicies: ManagedPolicies) {}

  add(role: Role): void {
    if (this.byName.has(role.name))
      throw new AwsError('EntityAlreadyExists', `the role ${role.name} already exists`, 409);
    this.byName.set(role.name, role);
  }

  replace(role: Role): void {
    this.byName.set(role.name, role);
  }

  delete(name: string): void {
    this.byName.delete(name);
    this.attached.delete(name);
  }

  get(name: string): Role {
    const role = this.byName.get(name);
    if (role === undefined) throw new AwsError('NoSuchEntity', `there is no role ${name}`, 404);
    return role;
  }

  findByArn(arn: string): Role | undefined {
    return [...this.byName.values()].find((role) => role.arn === arn);
  }

  /** Replaces everything that `attachment` attached before. */
  attach(attachment: string, policy: Policy, roleNames: readonly string[]): void {
    this.detach(attachment);
    for (const { name } of roleNames.map((roleName) => this.get(roleName))) {
      const policies = this.attached.get(name) ?? new Map<string, Policy>();
      this.attached.set(name, policies.set(attachment, policy));
    }
  }

  detach(attachment: string): void {
    for (const policies of this.attached.values()) policies.delete(attachment);
  }

  policiesOf(role: Role): readonly Policy[] {
    return [
      ...role.inlinePolicies,
      ...role.managedPolicyArns.map((arn) => this.managedPolicies.get(arn)),
      ...(this.attached.get(role.name)?.values() ?? []),
    ];
  }
}

/** https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole.html */
const LAMBDA_BASIC_EXECUTION = {
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: '*',
  },
};

/**
 * The managed policies of the account: those of templates, and the AWS managed policy that the CDK attaches by default.
 */
export class ManagedPolicies {
  private readonly byArn = new Map<string, Policy>();

  constructor({ partition }: Account) {
    this.byArn.set(
      `arn:${partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`,
      parsePolicy(LAMBDA_BASIC_EXECUTION),
    );
  }

  set(arn: string, policy: Policy): void {
    this.byArn.set(arn, policy);
  }

  delete(arn: string): void {
    this.byArn.delete(arn);
  }

  get(arn: string): Policy {
    const policy = this.byArn.get(arn);
    if (policy === undefined)
      throw new AwsError('NoSuchEntity', `the sandbox does not support the managed policy ${arn}`);
    return policy;
  }
}
