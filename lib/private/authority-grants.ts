import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
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

/** Allows `grantee` to revoke certificates of one authority. */
export function grantRevoke(certificateAuthorityArn: string, grantee: iam.IGrantable): iam.Grant {
  return iam.Grant.addToPrincipal({
    grantee,
    actions: ['acm-pca:RevokeCertificate'],
    resourceArns: [certificateAuthorityArn],
  });
}
