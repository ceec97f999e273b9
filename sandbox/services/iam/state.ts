import type { Account } from '../../account';
import { AwsError } from '../../endpoint/api';
import { type Policy, parsePolicy } from './policy/policy';

export interface Role {
  readonly name: string;
  readonly arn: string;
  readonly roleId: string;
  readonly path: string;
  readonly createdDate: Date;
  readonly description?: string | undefined;
  readonly trustPolicy: Policy;
  /** The trust policy in the template. */
  readonly trustDocument: unknown;
  /** The inline policies in the role's own template resource. */
  readonly inlinePolicies: readonly Policy[];
  readonly managedPolicyArns: readonly string[];
  /** The ARN of a managed policy. */
  readonly permissionsBoundary?: string | undefined;
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
    const role = this.find(name);
    if (role === undefined) throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
    return role;
  }

  find(name: string): Role | undefined {
    return this.byName.get(name);
  }

  /** Sorted by name. */
  all(): readonly Role[] {
    return [...this.byName.values()].sort(({ name: one }, { name: other }) => (one < other ? -1 : 1));
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
      ...role.managedPolicyArns.flatMap((arn) => [this.managedPolicies.find(arn) ?? []]),
      ...(this.attached.get(role.name)?.values() ?? []),
    ];
  }

  /** The limit of the role's permissions, if it has one that the sandbox knows. */
  boundaryOf({ permissionsBoundary }: Role): Policy | undefined {
    return permissionsBoundary === undefined ? undefined : this.managedPolicies.find(permissionsBoundary);
  }
}

/** Policies of AWS that the roles of functions and APIs often have, by the end of their ARNs. */
const OF_AWS: Readonly<Record<string, readonly string[]>> = {
  /** https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AdministratorAccess.html */
  AdministratorAccess: ['*'],
  /** https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSXRayDaemonWriteAccess.html */
  AWSXRayDaemonWriteAccess: [
    'xray:PutTraceSegments',
    'xray:PutTelemetryRecords',
    'xray:GetSamplingRules',
    'xray:GetSamplingTargets',
    'xray:GetSamplingStatisticSummaries',
  ],
  /** https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonAPIGatewayPushToCloudWatchLogs.html */
  'service-role/AmazonAPIGatewayPushToCloudWatchLogs': [
    'logs:CreateLogGroup',
    'logs:CreateLogStream',
    'logs:DescribeLogGroups',
    'logs:DescribeLogStreams',
    'logs:PutLogEvents',
    'logs:GetLogEvents',
    'logs:FilterLogEvents',
  ],
  /** https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole.html */
  'service-role/AWSLambdaBasicExecutionRole': ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
  /** https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html */
  'service-role/AWSLambdaVPCAccessExecutionRole': [
    'logs:CreateLogGroup',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ],
};

/** The managed policies of the account: those of templates, and some of AWS. */
export class ManagedPolicies {
  private readonly byArn: Map<string, Policy>;

  constructor({ partition }: Account) {
    const ofAws = Object.entries(OF_AWS).map(([name, Action]): [string, Policy] => {
      const Statement = { Effect: 'Allow', Action, Resource: '*' };
      return [`arn:${partition}:iam::aws:policy/${name}`, parsePolicy({ Version: '2012-10-17', Statement })];
    });
    this.byArn = new Map(ofAws);
  }

  set(arn: string, policy: Policy): void {
    this.byArn.set(arn, policy);
  }

  delete(arn: string): void {
    this.byArn.delete(arn);
  }

  find(arn: string): Policy | undefined {
    return this.byArn.get(arn);
  }
}
