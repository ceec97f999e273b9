import { AwsError } from '../../../endpoint/api';
import { boolean, integer, oneOf, optional, type Shape, string, structure } from '../../shared/shape';

/** Where and how an authority publishes its certificate revocation lists. */
export interface RevocationListConfiguration {
  readonly bucket: string;
  readonly expirationInDays: number;
  readonly isPartitioned: boolean;
  /** The host name in the distribution points of certificates. @default - the bucket's */
  readonly cname?: string | undefined;
  /** The path of the lists in the bucket. */
  readonly path?: string | undefined;
  /** Whether certificates say where their list is. */
  readonly isInCertificates: boolean;
  readonly isPublic: boolean;
  /** As given, for DescribeCertificateAuthority. */
  readonly given: object;
}

const URI_CHARACTERS = /^[-a-zA-Z0-9;/?:@&=+$,%_.!~*()']*$/;

const enabledShape = structure({
  Enabled: boolean,
  S3BucketName: string({ min: 3, max: 255 }, /^[-a-zA-Z0-9._/]+$/),
  ExpirationInDays: integer({ min: 1, max: 5000 }),
  CustomCname: optional(string({ max: 253 }, URI_CHARACTERS)),
  CustomPath: optional(string({ max: 253 }, /^[-a-zA-Z0-9;?:@&=+$,%_.!~*()'/]+$/)),
  S3ObjectAcl: optional(oneOf('PUBLIC_READ', 'BUCKET_OWNER_FULL_CONTROL')),
  CrlType: optional(oneOf('COMPLETE', 'PARTITIONED')),
  CrlDistributionPointExtensionConfiguration: optional(structure({ OmitExtension: boolean })),
});
const disabledShape = structure({ Enabled: boolean });

/**
 * `CrlConfiguration`. Undefined for an authority without revocation lists.
 * https://docs.aws.amazon.com/privateca/latest/APIReference/API_CrlConfiguration.html
 * https://docs.aws.amazon.com/privateca/latest/APIReference/API_RevocationConfiguration.html
 */
const crlConfiguration: Shape<RevocationListConfiguration | undefined> = (value, path) => {
  if (value === undefined) return undefined;
  const isEnabled = boolean(Object(value).Enabled, `${path}.Enabled`);
  if (!isEnabled) {
    disabledShape(value, path);
    return undefined;
  }
  const given = enabledShape(value, path);
  const isInCertificates = given.CrlDistributionPointExtensionConfiguration?.OmitExtension !== true;
  if (given.CustomCname !== undefined && /^https?:/i.test(given.CustomCname)) {
    throw invalid(`${path}.CustomCname must not begin with a protocol`);
  }
  if (given.CustomCname !== undefined && !isInCertificates) {
    throw invalid(`${path}.CustomCname can't be set if OmitExtension is true`);
  }
  return {
    bucket: given.S3BucketName,
    expirationInDays: given.ExpirationInDays,
    isPartitioned: given.CrlType === 'PARTITIONED',
    cname: given.CustomCname,
    path: given.CustomPath,
    isInCertificates,
    isPublic: given.S3ObjectAcl !== 'BUCKET_OWNER_FULL_CONTROL',
    given,
  };
};

const ocspOff: Shape<false> = (value, path) => {
  if (!boolean(value, path)) return false;
  throw invalid(`the sandbox does not support OCSP: ${path} must be false`);
};

const revocationConfiguration = structure({
  CrlConfiguration: crlConfiguration,
  OcspConfiguration: optional(structure({ Enabled: ocspOff })),
});

export const revocationShape: Shape<RevocationListConfiguration | undefined> = (value, path) =>
  value === undefined ? undefined : revocationConfiguration(value, path).CrlConfiguration;

function invalid(reason: string): AwsError {
  return new AwsError('InvalidArgsException', reason);
}
