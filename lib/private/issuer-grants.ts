import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { secretName } from '../../mesh/names';

/** What the issuer does with secrets. */
export const SECRET_ACTIONS = [
  'secretsmanager:DescribeSecret',
  'secretsmanager:GetSecretValue',
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecretVersionStage',
];

/** A pattern, because a list of the ARNs of a hundred clients would exceed the size of the role's policy. @param account that of the stack by default */
export function secretArnsOf(scope: IConstruct, trustDomain: string, account?: string): string {
  return Stack.of(scope).formatArn({
    service: 'secretsmanager',
    account,
    resource: `secret:${secretName(trustDomain, '*')}`,
  });
}

/**
 * Allows `grantee` to start rotations with the function, and nothing else of a secret.
 * @see `CertificateIssuer.grantRotate`
 */
export function grantRotation(
  scope: IConstruct,
  grantee: iam.IGrantable,
  { trustDomain, rotationFunctionArn }: { readonly trustDomain: string; readonly rotationFunctionArn: string },
): iam.Grant {
  return iam.Grant.addToPrincipal({
    grantee,
    actions: ['secretsmanager:RotateSecret'],
    resourceArns: [secretArnsOf(scope, trustDomain)],
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html. The keys may be absent
    // from a request that changes neither.
    conditions: {
      BoolIfExists: { 'secretsmanager:ModifyRotationRules': 'false' },
      ArnEqualsIfExists: { 'secretsmanager:RotationLambdaARN': rotationFunctionArn },
    },
  }).combine(grantInvocation(grantee, rotationFunctionArn));
}

export function grantInvocation(grantee: iam.IGrantable, functionArn: string): iam.Grant {
  return iam.Grant.addToPrincipal({ grantee, actions: ['lambda:InvokeFunction'], resourceArns: [functionArn] });
}
