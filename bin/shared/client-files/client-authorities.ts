import { ObjectReader, type S3Object } from '../../../aws/s3';
import { encodePem, PemError, readCertificates } from '../../../pki/pem';
import { type AwsAccess, commandConnection } from '../aws-access';

/** The object doesn't contain the certificate authorities of clients. */
class ClientAuthoritiesError extends Error {
  override readonly name = 'ClientAuthoritiesError';
}

const RETRY_POLICY = { attempts: 4, timeout: 3_000, backoff: { first: 200, longest: 2_000 } };
/** Of all attempts together. Milliseconds. */
const TIME_LIMIT = 20_000;

/**
 * The certificate authorities that servers must trust, as the mesh publishes them.
 *
 * @returns PEM
 * @throws ClientAuthoritiesError, AwsAccessError, AwsCallError
 */
export async function readClientAuthorities(object: S3Object, access: AwsAccess = {}): Promise<string> {
  const objects = new ObjectReader({ connection: commandConnection(access), retryPolicy: RETRY_POLICY });
  return authoritiesIn(
    await objects.readObject(object, AbortSignal.timeout(TIME_LIMIT)),
    `s3://${object.bucket}/${object.key}`,
  );
}

/** The certificates, without the text around them. A server that trusts a certificate of a client would admit only that. */
function authoritiesIn(text: string, source: string): string {
  try {
    const certificates = readCertificates(text);
    const other = certificates.find(({ ca }) => !ca);
    if (other !== undefined) throw new PemError(`${other.subject} is no certificate authority`);
    return certificates.map(({ raw }) => encodePem('CERTIFICATE', raw)).join('');
  } catch (cause) {
    if (!(cause instanceof PemError)) throw cause;
    throw new ClientAuthoritiesError(`${source} has no usable certificate authorities: ${cause.message}`, { cause });
  }
}
