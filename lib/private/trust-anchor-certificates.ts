import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { bucketNameProblem, objectKeyProblem, objectVersionProblem } from '../../mesh/aws-names';
import type { PublishedTrustAnchorProperties, TrustAnchorProperties } from '../../mesh/custom-resources';
import type { ITrustAnchor, TrustAnchorSourceConfig } from '../interfaces';
import { readAuthorities } from './authority-certificates';
import { grantKeyThrough } from './key-grant';
import { checkOptions } from './properties/check';
import { SOURCE_CONFIG } from './properties/interface-kinds';
import { checkText } from './validation';

/** Throws unless the source of a trust anchor gives either certificates of authorities or a valid bucket object. */
export function checkCertificates(scope: IConstruct, certificates: TrustAnchorSourceConfig): void {
  checkOptions(scope, 'source', certificates, SOURCE_CONFIG);
  const { pem, bucketObject, description } = certificates;
  if ((pem === undefined) === (bucketObject === undefined)) {
    const source = description === undefined ? '' : ` (${description})`;
    throw new Error(`${scope.node.path}: source must give either pem or bucketObject${source}`);
  }
  if (pem !== undefined) readAuthorities(scope, 'source', pem, description);
  if (bucketObject === undefined) return;
  checkText(scope, 'source bucket', bucketObject.bucket.bucketName, bucketNameProblem);
  checkText(scope, 'source key', bucketObject.objectKey, objectKeyProblem);
  checkText(scope, 'source objectVersion', bucketObject.objectVersion, objectVersionProblem);
}

/** The property of an external client that says where the certificates of its trust anchor are. */
export function clientTrustAnchorProperties(
  trustAnchor: ITrustAnchor,
): TrustAnchorProperties | PublishedTrustAnchorProperties {
  const { published } = trustAnchor.certificates;
  return published === undefined ? trustAnchorProperties(trustAnchor) : { Published: published };
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
  const key = bucket.encryptionKey;
  if (key) grantKeyThrough('s3', trustAnchor, { grantee, key, actions: ['kms:Decrypt'] });
}
