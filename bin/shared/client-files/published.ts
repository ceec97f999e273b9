import { ObjectReader, type S3Object, type TaggedText } from '../../../aws/s3';
import { encodePem, PemError, readCertificates } from '../../../pki/pem';
import { type AwsAccess, commandConnection } from '../aws-access';
import type { ServerTrust } from './contents';
import type { PublishedOptions } from './options';

/** The object doesn't contain the certificate authorities of clients. */
class ClientAuthoritiesError extends Error {
  override readonly name = 'ClientAuthoritiesError';
}

const RETRY_POLICY = { attempts: 4, timeout: 3_000, backoff: { first: 200, longest: 2_000 } };
/** Of all attempts together. Milliseconds. */
const TIME_LIMIT = 20_000;
/** A revocation list has about 50 bytes for each certificate. Bytes. */
const LARGEST_OBJECT = 20_000_000;

/** An object that a mesh publishes for servers. S3 sends it again only if it has changed. */
export class PublishedObject {
  readonly url: string;
  private readonly objects: ObjectReader;
  private last: TaggedText | undefined;

  constructor(
    private readonly object: S3Object,
    access: AwsAccess = {},
  ) {
    this.url = `s3://${object.bucket}/${object.key}`;
    const connection = commandConnection(access);
    this.objects = new ObjectReader({ connection, retryPolicy: RETRY_POLICY, largestObject: LARGEST_OBJECT });
  }

  /** @throws AwsAccessError, AwsCallError */
  async read(): Promise<string> {
    this.last = await this.objects.readIfChanged(this.object, this.last, AbortSignal.timeout(TIME_LIMIT));
    return this.last.text;
  }
}

/**
 * What a mesh publishes for servers. Undefined for what there is no option for.
 *
 * @throws ClientAuthoritiesError, AwsAccessError, AwsCallError
 */
export async function readPublished({ clientCa, crl }: PublishedOptions): Promise<ServerTrust> {
  return {
    clientAuthorities: clientCa && (await readClientAuthorities(new PublishedObject(clientCa))),
    revocationLists: crl && (await new PublishedObject(crl).read()),
  };
}

/**
 * The certificate authorities that servers must trust, as the mesh publishes them.
 *
 * @returns PEM
 * @throws ClientAuthoritiesError, AwsAccessError, AwsCallError
 */
export async function readClientAuthorities(object: PublishedObject): Promise<string> {
  return authoritiesIn(await object.read(), object.url);
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
