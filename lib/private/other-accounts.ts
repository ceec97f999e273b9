import { Stack, Token } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, type IConstruct } from 'constructs';
import { OTHER_ACCOUNTS_VARIABLE } from '../../mesh/contract';
import { accountAlias, type OtherStacks, readStackArnPattern, secretsRoleName } from '../../mesh/other-accounts';
import { secretArnsOf } from './issuer-grants';
import type { MeshFunction } from './mesh-function';
import type { ServedStacks } from './served-stacks';
import { refuse } from './validation';

/**
 * A policy of a function has at most 20 KB, and each account takes two statements in it.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MOST_ACCOUNTS = 20;

export interface OtherAccountsOptions {
  readonly trustDomain: string;
  readonly servedStacks: ServedStacks;
  readonly deployment: MeshFunction;
  readonly rotation: MeshFunction;
  /** ARN of the function behind the URL for certificate requests. */
  requestFunctionArn(): string;
}

/** Whether `allowStack` got an ARN, so that it is about another account, and not the name of a stack. */
export function isStackArn(stackName: string): boolean {
  return /^arn:/.test(stackName);
}

/** The other accounts whose stacks may add clients: what the issuer's functions and their policies need for each. */
export class OtherAccounts {
  private readonly ids = new Set<string>();

  constructor(
    private readonly issuer: IConstruct,
    private readonly options: OtherAccountsOptions,
  ) {}

  /** @param pattern the ARN of a stack of one other account, as `allowStack` takes it */
  allow(pattern: string): void {
    const stacks = this.read(pattern);
    this.options.servedStacks.addName(`${stacks.accountId}/${stacks.names}`);
    if (this.ids.has(stacks.accountId)) return;
    this.ids.add(stacks.accountId);
    if (this.ids.size > MOST_ACCOUNTS) {
      const rule = `must name at most ${MOST_ACCOUNTS} other accounts, because of the size of a function's policy`;
      refuse(this.issuer, 'stackName', rule, `${this.ids.size} of them`);
    }
    this.add(stacks.accountId);
  }

  private read(pattern: string): OtherStacks {
    const { account, region } = Stack.of(this.issuer);
    const stacks = readStackArnPattern(pattern);
    const fail = (rule: string): never => refuse(this.issuer, 'stackName', rule, JSON.stringify(pattern));
    if (stacks === undefined) {
      return fail(
        'must be an ARN with one account and one Region, such as arn:aws:cloudformation:eu-central-1:222222222222:stack/mail/*',
      );
    }
    if (stacks.accountId === account) return fail('must be the name of the stack if it is in the account of the mesh');
    // CloudFormation calls the functions of custom resources in its own Region only.
    if (!Token.isUnresolved(region) && stacks.region !== region)
      return fail(`must be in the Region of the mesh (${region})`);
    return stacks;
  }

  /**
   * The account itself decides which of its principals may do what it may. `RotateSecret` checks that the caller may invoke the
   * function: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
   */
  private add(accountId: string): void {
    const { deployment, rotation, servedStacks, trustDomain } = this.options;
    const scope = new Construct(this.issuer as Construct, `Account-${accountId}`);
    const rotationArn = rotation.handler.functionArn;
    const requestArn = this.options.requestFunctionArn();
    // Not on the function itself, so that the handler learns by which account it was invoked.
    const alias = new lambda.CfnAlias(scope, 'Alias', {
      name: accountAlias(accountId),
      description: `Invoked by stacks of the account ${accountId}`,
      functionName: deployment.handler.functionName,
      functionVersion: '$LATEST',
    });
    const secrets = secretArnsOf(scope, trustDomain, accountId);
    allowInvocation(scope, 'Deployment', { functionName: alias.ref, principal: accountId });
    allowInvocation(scope, 'RotateSecret', { functionName: rotationArn, principal: accountId });
    allowInvocation(scope, 'Rotation', {
      functionName: rotationArn,
      principal: 'secretsmanager.amazonaws.com',
      sourceAccount: accountId,
      sourceArn: secrets,
    });
    // https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    allowInvocation(scope, 'RequestUrl', {
      action: 'lambda:InvokeFunctionUrl',
      functionName: requestArn,
      functionUrlAuthType: 'AWS_IAM',
      principal: accountId,
    });
    allowInvocation(scope, 'Request', { functionName: requestArn, invokedViaFunctionUrl: true, principal: accountId });

    const { partition, region } = Stack.of(scope);
    const roleArn = `arn:${partition}:iam::${accountId}:role/${secretsRoleName(trustDomain, region)}`;
    for (const fills of [deployment, rotation]) {
      fills.allow(['sts:AssumeRole'], [roleArn]);
      if (this.ids.size === 1) fills.handler.addEnvironment(OTHER_ACCOUNTS_VARIABLE, servedStacks.accounts());
    }
  }
}

function allowInvocation(
  scope: Construct,
  id: string,
  props: Omit<lambda.CfnPermissionProps, 'action'> & { readonly action?: string },
): void {
  new lambda.CfnPermission(scope, `${id}Permission`, { action: 'lambda:InvokeFunction', ...props });
}
