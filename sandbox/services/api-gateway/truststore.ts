import type { X509Certificate } from 'node:crypto';
import { notAfterOf, notBeforeOf } from '../../../pki/certificate-fields';
import { isIssuedBy } from '../../../pki/chain';
import { readCertificates } from '../../../pki/pem';
import type { Clock } from '../../clock';
import { AwsError } from '../../endpoint/api';
import type { Objects } from './ports';

/**
 * Authorities above a client certificate, the root among them.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html says "a maximum chain length
 * of four"; it is the authorities that are counted.
 */
const MAX_AUTHORITIES = 4;

/** The authorities that a domain trusts to identify clients: the content of one version of one S3 object. */
export class Truststore {
  private readonly authorities: readonly X509Certificate[];

  /** @throws PemError when the bundle is not one */
  constructor(
    readonly bundle: string,
    private readonly clock: Clock,
  ) {
    this.authorities = readCertificates(bundle);
  }

  /**
   * What OpenSSL leaves open: every authority up to the root stands in the bundle itself, rather than among what the
   * client sent; there are not too many; and all are current by the sandbox's clock.
   */
  accepts(certificate: X509Certificate): boolean {
    return this.leadsToRoot(certificate, MAX_AUTHORITIES);
  }

  private leadsToRoot(certificate: X509Certificate, authoritiesLeft: number): boolean {
    if (!isCurrent(certificate, this.clock.now())) return false;
    if (certificate.checkIssued(certificate)) return this.authorities.some(({ raw }) => raw.equals(certificate.raw));
    if (authoritiesLeft === 0) return false;
    return this.authorities.some(
      (authority) =>
        authority.ca && isIssuedBy(certificate, authority) && this.leadsToRoot(authority, authoritiesLeft - 1),
    );
  }
}

/** Reads the bundle that a domain's `MutualTlsAuthentication` names, in the version that it names. */
export function readTruststore(objects: Objects, clock: Clock, uri: string, version: string | undefined): Truststore {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const object = bucket === '' ? undefined : objects.getObject(bucket, key, version);
  if (!object) {
    throw new AwsError('BadRequestException', `Unable to access truststore URI ${uri} version ${version ?? 'N/A'}`);
  }
  return new Truststore(object.body.toString('utf8'), clock);
}

function isCurrent(certificate: X509Certificate, at: Date): boolean {
  return notBeforeOf(certificate) <= at && at <= notAfterOf(certificate);
}
