import { randomBytes } from 'node:crypto';
import { type Account, globalArn } from '../../account';
import type { ResourceType } from '../../cloudformation/resource-type';
import {
  AccessDenied,
  type AwsApi,
  type AwsCall,
  AwsError,
  type ConditionKeys,
  type PolicyDocument,
} from '../../endpoint/api';
import { queryApi } from '../../endpoint/query-protocol';
import type { Service, Surroundings } from '../shared/service';
import { iamOperations } from './operations';
import { evaluate, type PolicyDecision } from './policy/evaluation';
import { type Policy, parsePolicy } from './policy/policy';
import { managedPolicyType, policyType } from './resources/policy';
import { roleType } from './resources/role';
import { ManagedPolicies, type Role, Roles } from './state';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface Principal {
  readonly arn: string;
  readonly secretAccessKey: string;
  /** Undefined for credentials that are valid as long as the sandbox. */
  readonly expiration: Date | undefined;
}

/** The identity of a caller, as services receive it. */
export interface Identity {
  readonly userArn: string;
  /** For a role session, the role ID and the session name. */
  readonly userId: string;
}

/** The name of all role sessions. On AWS, the caller of AssumeRole chooses it. */
const SESSION_NAME = 'sandbox';

/**
 * The actions that the policies of a caller can't allow alone: the policy of the KMS key, or the trust policy of the role, must
 * allow them as well.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
const RESOURCE_DECIDES = /^(kms:|sts:AssumeRole$)/;

const ADMINISTRATOR_ACCESS = parsePolicy({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
});

/** IAM: the roles and policies of templates, the credentials of principals, and the authorization of every call. */
export class IamService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  /** The ARN of the user with administrator access, which the user of the sandbox acts as. */
  readonly operator: string;
  private readonly operatorId = `AIDA${randomBytes(8).toString('hex').toUpperCase()}`;
  private readonly account: Account;
  private readonly clock: Surroundings['clock'];
  private readonly roles: Roles;
  private readonly principals = new Map<string, Principal>();

  readonly api: AwsApi;

  constructor(surroundings: Surroundings) {
    const { account, clock } = surroundings;
    const managedPolicies = new ManagedPolicies(account);
    this.account = account;
    this.clock = clock;
    this.roles = new Roles(managedPolicies);
    this.operator = globalArn(account, 'iam', 'user/operator');
    this.resourceTypes = {
      'AWS::IAM::Role': roleType(surroundings, this.roles, managedPolicies),
      'AWS::IAM::Policy': policyType(this.roles),
      'AWS::IAM::ManagedPolicy': managedPolicyType(account, this.roles, managedPolicies),
    };
    this.api = queryApi({
      signingName: 'iam',
      version: '2010-05-08',
      namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
      operations: iamOperations(account, this.roles),
    });
  }

  get accountId(): string {
    return this.account.id;
  }

  /** @param expiration the default is for credentials that are valid as long as the sandbox */
  issueCredentials(principalArn: string, expiration?: Date): Credentials {
    const prefix = expiration === undefined ? 'AKIA' : 'ASIA';
    const accessKeyId = `${prefix}${randomBytes(8).toString('hex').toUpperCase()}`;
    const secretAccessKey = randomBytes(30).toString('base64');
    this.principals.set(accessKeyId, { arn: principalArn, secretAccessKey, expiration });
    return { accessKeyId, secretAccessKey };
  }

  /**
   * The ARN of the principal with the access key.
   * @throws AwsError `ExpiredTokenException` if the credentials have expired
   */
  principalOf(accessKeyId: string): string | undefined {
    const { arn, expiration } = this.principals.get(accessKeyId) ?? {};
    if (expiration !== undefined && expiration <= this.clock.now()) {
      throw new AwsError('ExpiredTokenException', 'The security token included in the request is expired', 403);
    }
    return arn;
  }

  /** The secret access key that belongs to the access key. */
  secretAccessKeyOf(accessKeyId: string): string | undefined {
    return this.principals.get(accessKeyId)?.secretAccessKey;
  }

  /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
  identityOf(principalArn: string): Identity {
    const role = this.roles.findByArn(principalArn);
    if (role === undefined) return { userArn: principalArn, userId: this.operatorId };
    return {
      userArn: globalArn(this.account, 'sts', `assumed-role/${role.name}/${SESSION_NAME}`),
      userId: `${role.roleId}:${SESSION_NAME}`,
    };
  }

  /**
   * @param role name or ARN
   * @throws AwsError if the role doesn't exist
   */
  issueRoleCredentials(role: string): Credentials {
    const found = this.roles.findByArn(role) ?? this.roles.find(role);
    if (found === undefined) throw new AwsError('NoSuchEntity', `there is no role ${role}`, 404);
    return this.issueCredentials(found.arn);
  }

  roleByArn(roleArn: string): Role | undefined {
    return this.roles.findByArn(roleArn);
  }

  /**
   * @param conditionKeys the context keys of the service, without the global ones
   * @param resourcePolicy the policy of the resource, if it has one
   * @param resourceAccount the ID of the account that the resource belongs to. The default is that of the principal
   * @throws AccessDenied with the wording of AWS
   */
  authorize(
    principalArn: string,
    action: string,
    resource: string,
    conditionKeys: ConditionKeys = {},
    resourcePolicy?: PolicyDocument,
    resourceAccount = this.account.id,
  ): void {
    const request = {
      principal: { arn: principalArn, account: this.account.id },
      action,
      resource,
      context: { ...this.globalKeys(principalArn), 'aws:ResourceAccount': resourceAccount, ...conditionKeys },
    };
    const ofResource = resourcePolicy === undefined ? undefined : parsePolicy(resourcePolicy);
    const decision = evaluate(request, {
      ofIdentity: this.policiesOf(principalArn),
      ofResource,
      boundary: this.boundaryOf(principalArn),
      resourceDecides: ofResource !== undefined && RESOURCE_DECIDES.test(action),
      isAcrossAccounts: resourceAccount !== this.account.id,
    });
    if (decision === 'allowed') return;
    throw new AccessDenied(
      `User: ${principalArn} is not authorized to perform: ${action} on resource: ${resource} ${reason(decision, action)}`,
    );
  }

  /**
   * The authorization of an AWS service that acts for one of its resources. The policy of the called resource alone
   * decides.
   * @param service such as `acm-pca.amazonaws.com`
   * @param sourceArn the ARN of the resource, for the condition key `aws:SourceArn`
   */
  asService(service: string, sourceArn: string): Pick<AwsCall, 'authorize'> {
    const { id, region } = this.account;
    const globalKeys = {
      'aws:PrincipalIsAWSService': 'true',
      'aws:PrincipalServiceName': service,
      'aws:RequestedRegion': region,
      'aws:ResourceAccount': id,
      'aws:SecureTransport': 'true',
      'aws:SourceAccount': id,
      'aws:SourceArn': sourceArn,
    };
    return {
      authorize(action, resource, conditionKeys = {}, resourcePolicy) {
        const context = { ...globalKeys, ...conditionKeys };
        const ofResource = resourcePolicy === undefined ? undefined : parsePolicy(resourcePolicy);
        const decision = evaluate({ principal: { service }, action, resource, context }, { ofResource });
        if (decision === 'allowed') return;
        const missing = decision === 'not allowed' ? 'not allowed by resource' : decision;
        throw new AccessDenied(
          `${service} is not authorized to perform: ${action} on resource: ${resource} ${reason(missing, action)}`,
        );
      },
    };
  }

  /** @throws AwsError unless the role exists and its trust policy allows the service to assume it */
  assertAssumable(roleArn: string, service: string): void {
    const role = this.roles.findByArn(roleArn);
    if (role === undefined) throw new AwsError('NoSuchEntity', `there is no role ${roleArn}`, 404);
    const request = {
      principal: { service },
      action: 'sts:AssumeRole',
      context: { 'aws:SourceAccount': this.account.id },
    };
    if (evaluate(request, { ofResource: role.trustPolicy }) !== 'allowed') {
      throw new AwsError('InvalidParameterValueException', `the role ${roleArn} cannot be assumed by ${service}`);
    }
  }

  private policiesOf(principalArn: string): readonly Policy[] {
    if (principalArn === this.operator) return [ADMINISTRATOR_ACCESS];
    const role = this.roles.findByArn(principalArn);
    return role === undefined ? [] : this.roles.policiesOf(role);
  }

  private boundaryOf(principalArn: string): Policy | undefined {
    const role = this.roles.findByArn(principalArn);
    return role && this.roles.boundaryOf(role);
  }

  /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
  private globalKeys(principalArn: string): ConditionKeys {
    return {
      'aws:PrincipalAccount': this.account.id,
      'aws:PrincipalArn': principalArn,
      'aws:PrincipalType': principalArn === this.operator ? 'User' : 'AssumedRole',
      'aws:RequestedRegion': this.account.region,
      // The sandbox uses loopback instead of TLS.
      'aws:SecureTransport': 'true',
      'aws:PrincipalIsAWSService': 'false',
      'aws:ViaAWSService': 'false',
    };
  }
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
function reason(decision: Exclude<PolicyDecision, 'allowed'>, action: string): string {
  switch (decision) {
    case 'denied by identity':
      return 'with an explicit deny in an identity-based policy';
    case 'denied by resource':
      return 'with an explicit deny in a resource-based policy';
    case 'denied by boundary':
      return 'with an explicit deny in a permissions boundary';
    case 'not allowed by boundary':
      return `because no permissions boundary allows the ${action} action`;
    case 'not allowed by resource':
      return `because no resource-based policy allows the ${action} action`;
    case 'not allowed':
      return `because no identity-based policy allows the ${action} action`;
  }
}
