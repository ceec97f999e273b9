import type { X509Certificate } from 'node:crypto';
import type { Clock } from '../../../clock';
import { AwsError } from '../../../endpoint/api';
import { hasUnknownCriticalExtension, isIssuedBy, isStrong, isValidAt, pathLengthOf } from '../../../x509/certificate';
import { readCertificates } from '../../../x509/pem';
import type { Objects } from '../ports';

/**
 * The maximum number of authorities above a client certificate, including the root.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html says "a maximum chain length of
 * four", which counts the authorities.
 */
const MAX_AUTHORITIES = 4;

/**
 * The limit of the file, and that two certificates can't have the same subject, are measured and not documented:
 * https://github.com/aws-samples/serverless-samples/tree/main/apigw-mtls-multi-tenant
 */
const MAX_BYTES = 1_000_000;

/** Extended key usages: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.12 */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_USAGE = '2.5.29.37.0';

interface Anchor {
  readonly certificate: X509Certificate;
  readonly pathLength: number | undefined;
}

/** The authorities that a domain trusts for client certificates: the content of a version of an S3 object. */
export class DomainTruststore {
  private readonly authorities: readonly Anchor[];

  /** @throws PemError if the bundle is invalid, or AwsError if two certificates have the same subject */
  constructor(
    readonly bundle: string,
    private readonly clock: Clock,
  ) {
    const certificates = readCertificates(bundle);
    assertDistinctSubjects(certificates);
    this.authorities = certificates.map((certificate) => ({ certificate, pathLength: pathLengthOf(certificate) }));
  }

  /**
   * Whether the bundle contains a chain from the certificate to a self-signed root. Every authority must be in the
   * bundle, and not only in what the client sent. Every signature must verify, every authority must be one and respect
   * its path length, and the number of authorities is limited. All certificates must be valid by the sandbox's clock
   * and fit for client authentication, with keys of at least RSA 2048 or ECDSA P-256 and signatures of at least SHA-256
   * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html).
   *
   * OpenSSL rejects authorities with an extended key usage without clientAuth, and certificates with a critical extension
   * that it doesn't process, neither of which API Gateway documents. So does the sandbox, which looks for such extensions
   * in the client's certificate only: it doesn't process name constraints of authorities.
   */
  accepts(certificate: X509Certificate): boolean {
    return !hasUnknownCriticalExtension(certificate) && this.leadsToRoot(certificate, 0);
  }

  /**
   * @param below how many authorities are between the certificate and the client's, including the certificate itself
   */
  private leadsToRoot(certificate: X509Certificate, below: number): boolean {
    if (!isValidAt(certificate, this.clock.now()) || !isFitForClients(certificate) || !isStrong(certificate))
      return false;
    if (certificate.checkIssued(certificate)) {
      return this.authorities.some((root) => root.certificate.raw.equals(certificate.raw));
    }
    if (below === MAX_AUTHORITIES) return false;
    return this.authorities.some(
      ({ certificate: authority, pathLength = below }) =>
        authority.ca &&
        below <= pathLength &&
        isIssuedBy(certificate, authority) &&
        this.leadsToRoot(authority, below + 1),
    );
  }
}

function assertDistinctSubjects(certificates: readonly X509Certificate[]): void {
  const subjects = new Set<string>();
  for (const { subject } of certificates) {
    if (subjects.has(subject)) {
      throw new AwsError('BadRequestException', `The truststore has several certificates of the subject ${subject}`);
    }
    subjects.add(subject);
  }
}

/** Reads the bundle and version in a domain's `MutualTlsAuthentication`. */
export function readTruststore(
  objects: Objects,
  clock: Clock,
  uri: string,
  version: string | undefined,
): DomainTruststore {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const object = bucket === '' ? undefined : objects.getObject(bucket, key, version);
  if (!object) {
    throw new AwsError('BadRequestException', `Unable to access truststore URI ${uri} version ${version ?? 'N/A'}`);
  }
  if (object.body.length >= MAX_BYTES) {
    throw new AwsError('BadRequestException', `The truststore ${uri} must be smaller than ${MAX_BYTES} bytes`);
  }
  return new DomainTruststore(object.body.toString('utf8'), clock);
}

/** `keyUsage` in Node.js is the extended key usage. A certificate without the extension is fit for every purpose. */
function isFitForClients({ keyUsage: usages }: X509Certificate): boolean {
  return usages === undefined || usages.some((usage) => usage === CLIENT_AUTH || usage === ANY_USAGE);
}
