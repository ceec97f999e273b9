import { Annotations, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { IConstruct, IDependable } from 'constructs';
import { CLIENT_CERTIFICATE_TEMPLATE } from '../../mesh/contract';

/** ARN of an ACM PCA template, such as `RootCACertificate/V1`. AWS owns the templates: no Region and no account. */
export function templateArn(scope: IConstruct, name: string): string {
  return Stack.of(scope).formatArn({
    service: 'acm-pca',
    region: '',
    account: '',
    resource: 'template',
    resourceName: name,
  });
}

/**
 * Allows `grantee` to have one authority issue client certificates, from one template.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsprivatecertificateauthority.html
 */
export function grantIssue(scope: IConstruct, certificateAuthorityArn: string, grantee: iam.IGrantable): iam.Grant {
  return iam.Grant.addToPrincipal({
    grantee,
    actions: ['acm-pca:IssueCertificate'],
    resourceArns: [certificateAuthorityArn],
    conditions: { StringEquals: { 'acm-pca:TemplateArn': templateArn(scope, CLIENT_CERTIFICATE_TEMPLATE) } },
  }).combine(
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['acm-pca:GetCertificate'],
      resourceArns: [certificateAuthorityArn],
    }),
  );
}

/**
 * Allows `grantee` to revoke certificates of one authority. With a revocation list, whoever revokes must be allowed to write it:
 * https://docs.aws.amazon.com/privateca/latest/APIReference/API_RevokeCertificate.html
 */
export function grantRevoke(
  certificateAuthorityArn: string,
  grantee: iam.IGrantable,
  revocationListBucket?: s3.IBucket,
): iam.Grant {
  const revoke = iam.Grant.addToPrincipal({
    grantee,
    actions: ['acm-pca:RevokeCertificate'],
    resourceArns: [certificateAuthorityArn],
  });
  return revocationListBucket ? revoke.combine(grantWriteList(revocationListBucket, grantee)) : revoke;
}

/** What ACM PCA and those who revoke need: https://docs.aws.amazon.com/privateca/latest/userguide/crl-planning.html */
const [OBJECT_ACTIONS, BUCKET_ACTIONS] = [
  ['s3:PutObject', 's3:PutObjectAcl'],
  ['s3:GetBucketAcl', 's3:GetBucketLocation'],
];

function grantWriteList(bucket: s3.IBucket, grantee: iam.IGrantable): iam.Grant {
  const resourceArns = [bucket.arnForObjects('*')];
  return iam.Grant.addToPrincipal({ grantee, actions: OBJECT_ACTIONS, resourceArns }).combine(
    iam.Grant.addToPrincipal({ grantee, actions: BUCKET_ACTIONS, resourceArns: [bucket.bucketArn] }),
  );
}

/**
 * Allows ACM PCA to write revocation lists of authorities of the account into a bucket. The authority doesn't exist yet when
 * ACM PCA checks that, so the policy can't name it.
 *
 * @returns what the authority must wait for. Undefined for a bucket whose policy isn't part of the app.
 */
export function allowRevocationList(scope: IConstruct, bucket: s3.IBucket): IDependable | undefined {
  const statementOf = (actions: string[], resource: string) =>
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal('acm-pca.amazonaws.com')],
      actions,
      resources: [resource],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    });
  const objects = bucket.addToResourcePolicy(statementOf(OBJECT_ACTIONS, bucket.arnForObjects('*')));
  bucket.addToResourcePolicy(statementOf(BUCKET_ACTIONS, bucket.bucketArn));
  if (!objects.statementAdded) {
    Annotations.of(scope).addWarningV2(
      'cdk-mtls-service-mesh:revocationListBucketPolicy',
      `the policy of the bucket isn't part of this app: it must allow ${[...OBJECT_ACTIONS, ...BUCKET_ACTIONS].join(', ')} for ` +
        'acm-pca.amazonaws.com (https://docs.aws.amazon.com/privateca/latest/userguide/crl-planning.html)',
    );
  }
  return objects.policyDependable;
}
