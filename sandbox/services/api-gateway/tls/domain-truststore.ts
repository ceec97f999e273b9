import type { X509Certificate } from 'node:crypto';
import type { Clock } from '../../../clock';
import { AwsError } from '../../../endpoint/api';
import { isIssuedBy, isValidAt, pathLengthOf } from '../../../x509/certificate';
import { readCertificates } from '../../../x509/pem';
import type { Objects } from '../ports';

/**
 * Authorities above a client certificate, the root among them.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html says "a maximum chain length
 * of four"; it is the authorities that are counted.
 */
const MAX_AUTHORITIES = 4;

/** Extended key usages: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.12 */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_USAGE = '2.5.29.37.0';

interface Anchor {
  readonly certificate: X509Certificate;
  readonly pathLength: number | undefined;
}

/** The authorities that a domain trusts to identify clients: the content of one version of one S3 object. */
export class DomainTruststore {
  private readonly authorities: readonly Anchor[];

  /** @throws PemError when the bundle is not one */
  constructor(
    readonly bundle: string,
    private readonly clock: Clock,
  ) {
    this.authorities = readCertificates(bundle).map((certificate) => ({
      certificate,
      pathLength: pathLengthOf(certificate),
    }));
  }

  /**
   * Whether the certificate leads to a self-signed root of the bundle: every signature verifies, every authority on the
   * way stands in the bundle itself, rather than among what the client sent, may be one, and has no more below it than it
   * allows; there are not too many; and all are current by the sandbox's clock and fit to identify clients.
   *
   * OpenSSL refuses an extended key usage without clientAuth, which API Gateway does not document; so does this.
   */
  accepts(certificate: X509Certificate): boolean {
    return this.leadsToRoot(certificate, 0);
  }

  /** @param below how many authorities stand between the certificate and the client's, itself included */
  private leadsToRoot(certificate: X509Certificate, below: number): boolean {
    if (!isValidAt(certificate, this.clock.now()) || !isFitForClients(certificate)) return false;
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

/** Reads the bundle that a domain's `MutualTlsAuthentication` names, in the version that it names. */
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
  return new DomainTruststore(object.body.toString('utf8'), clock);
}

/** Node's `keyUsage` is the extended key usage. A certificate without the extension is fit for everything. */
function isFitForClients({ keyUsage: usages }: X509Certificate): boolean {
  return usages === undefined || usages.some((usage) => usage === CLIENT_AUTH || usage === ANY_USAGE);
}
