import { Annotations, ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { IConstruct } from 'constructs';

/** Allows `grantee` to use a key through one service only, such as `s3`. https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html */
export function grantKeyThrough(
  service: 'dynamodb' | 's3' | 'secretsmanager',
  scope: IConstruct,
  { grantee, key, actions }: { readonly grantee: iam.IGrantable; readonly key: kms.IKey; readonly actions: string[] },
): iam.Grant {
  return iam.Grant.addToPrincipal({
    grantee,
    actions,
    resourceArns: [key.keyArn],
    conditions: { StringEquals: { 'kms:ViaService': serviceHost(scope, service) } },
  });
}

/**
 * Allows CloudWatch Logs to use a key for the log groups of the account. The policy can't name one log group, which refers to
 * the key. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
 */
export function allowLogs(scope: IConstruct, key: kms.IKey): void {
  const stack = Stack.of(scope);
  const logGroups = stack.formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const actions = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'];
  const statement = new iam.PolicyStatement({
    principals: [new iam.ServicePrincipal(serviceHost(scope, 'logs'))],
    actions,
    resources: ['*'],
    conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': logGroups } },
  });
  if (key.addToResourcePolicy(statement).statementAdded) return;
  Annotations.of(key).addWarningV2(
    'cdk-mtls-service-mesh:logsKeyPolicy',
    `the policy of the key isn't part of this app: it must allow ${actions.join(', ')} for logs.<Region>.amazonaws.com, ` +
      'if kms:EncryptionContext:aws:logs:arn is of a log group of the account ' +
      '(https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html)',
  );
}

/** The name of a service in conditions, and that of CloudWatch Logs as a principal. In China, it ends with `amazonaws.com.cn`. */
export function serviceHost(scope: IConstruct, service: string): string {
  const { region, urlSuffix } = Stack.of(scope);
  return `${service}.${region}.${urlSuffix}`;
}
