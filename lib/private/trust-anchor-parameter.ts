import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { clientNameProblem, trustAnchorParameterName } from '../../mesh/names';
import { encodePem, readCertificates } from '../../pki/pem';
import type { ITrustAnchor, TrustAnchorSourceConfig } from '../interfaces';
import { checkKnownText, refuse } from './validation';

/**
 * What the value of a parameter may have, and the parameter of a template that takes it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 */
const LONGEST_VALUE = 4_096;

/** Adds the SSM parameter that says where the certificates of a trust anchor are. */
export function addTrustAnchorParameter(scope: Construct, trustDomain: string, trustAnchor: ITrustAnchor): void {
  const { trustAnchorName } = trustAnchor;
  new ssm.StringParameter(scope, `Parameter-${trustAnchorName}`, {
    parameterName: trustAnchorParameterName(trustDomain, trustAnchorName),
    description: `The trust anchor ${trustAnchorName} of the mesh ${trustDomain}`,
    stringValue: publishedValue(trustAnchor),
  });
}

/** As `PublishedTrustAnchorProperties`. */
function publishedValue(trustAnchor: ITrustAnchor): string {
  const { bucketObject, pem = '' } = trustAnchor.certificates;
  if (bucketObject) return `${bucketObject.bucket.bucketName},${bucketObject.objectVersion},${bucketObject.objectKey}`;
  // Without comments.
  const certificates = readCertificates(pem).map(({ raw }) => encodePem('CERTIFICATE', raw));
  const text = certificates.join('');
  if (text.length > LONGEST_VALUE) {
    const rule = `must be a bucket object for other apps if its certificates have more than ${LONGEST_VALUE} characters`;
    refuse(trustAnchor, 'source', rule, String(text.length));
  }
  return text;
}

/** A trust anchor of the mesh of another app. */
export class ImportedTrustAnchor extends Construct implements ITrustAnchor {
  readonly certificates: TrustAnchorSourceConfig;

  constructor(
    scope: Construct,
    id: string,
    trustDomain: string,
    readonly trustAnchorName: string,
  ) {
    super(scope, id);
    checkKnownText(this, 'trustAnchorName', trustAnchorName, clientNameProblem);
    const parameterName = trustAnchorParameterName(trustDomain, trustAnchorName);
    this.certificates = { published: ssm.StringParameter.valueForStringParameter(this, parameterName) };
  }
}
