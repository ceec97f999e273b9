import { X509Certificate } from 'node:crypto';
import { Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { bucketNameProblem, objectKeyProblem, objectVersionProblem } from '../../mesh/aws-names';
import type { TrustAnchorProperties } from '../../mesh/contract';
import type { ITrustAnchor, TrustAnchorSourceConfig } from '../interfaces';
import { checkText } from './validation';

/** Throws unless the source of a trust anchor gives either certificates of authorities or a valid bucket object. */
export function checkCertificates(
  scope: IConstruct,
  { pem, bucketObject, description }: TrustAnchorSourceConfig,
): void {
  const rule =
    (pem === undefined) === (bucketObject === undefined) ? 'must give either pem or bucketObject' : undefined;
  const problem = rule ?? (pem === undefined || Token.isUnresolved(pem) ? undefined : pemProblem(pem));
  if (problem !== undefined) {
    throw new Error(`${scope.node.path}: source ${problem}${description === undefined ? '' : ` (${description})`}`);
  }
  if (bucketObject === undefined) return;
  checkText(scope, 'source bucket', bucketObject.bucket.bucketName, bucketNameProblem);
  checkText(scope, 'source key', bucketObject.objectKey, objectKeyProblem);
  checkText(scope, 'source objectVersion', bucketObject.objectVersion, objectVersionProblem);
}

/** The custom-resource property that says where the certificates of a trust anchor are. */
export function trustAnchorProperties({
  certificates: { pem = '', bucketObject },
}: ITrustAnchor): TrustAnchorProperties {
  if (bucketObject === undefined) return { Pem: pem };
  const { bucket, objectKey, objectVersion } = bucketObject;
  return { BucketName: bucket.bucketName, ObjectKey: objectKey, VersionId: objectVersion };
}

/** Allows `grantee` to read the certificates of a trust anchor, unless they are in the template. */
export function grantReadCertificates(trustAnchor: ITrustAnchor, grantee: iam.IGrantable): void {
  const { bucketObject } = trustAnchor.certificates;
  if (bucketObject === undefined) return;
  const { bucket, objectKey } = bucketObject;
  iam.Grant.addToPrincipal({
    grantee,
    actions: ['s3:GetObjectVersion'],
    resourceArns: [bucket.arnForObjects(objectKey)],
  });
  if (!bucket.encryptionKey) return;
  iam.Grant.addToPrincipal({
    grantee,
    actions: ['kms:Decrypt'],
    resourceArns: [bucket.encryptionKey.keyArn],
    conditions: { StringEquals: { 'kms:ViaService': `s3.${Stack.of(trustAnchor).region}.amazonaws.com` } },
  });
}

/** Never quotes the text, which may contain a private key by mistake. The publisher checks the chains. */
function pemProblem(text: string): string | undefined {
  if (text.includes('PRIVATE KEY')) return 'must contain certificates only, got a private key as well';
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return 'must contain the certificate of an authority in PEM, got none';
  const other = blocks.findIndex((block) => !isAuthority(block));
  return other < 0
    ? undefined
    : `must contain certificates of authorities only, got another certificate as number ${other + 1}`;
}

function isAuthority(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}
