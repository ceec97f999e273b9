import type { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import type { ClientSecret } from '../../mesh/client-secret';
import { TRUSTSTORE_RESOURCE_TYPE, type TruststoreProperties } from '../../mesh/custom-resources';
import {
  REVOCATION_LISTS_KEY,
  REVOCATION_LISTS_RESOURCE_TYPE,
  type RevocationListsProperties,
} from '../../mesh/kms-authority';
import { encodePem, readCertificates } from '../../pki/pem';
import type { AwsAccess } from '../shared/aws-access';
import { PublishedObject, readClientAuthorities } from '../shared/client-files/published';
import { UnusableListsError, type VerifiedLists, verifyRevocationLists } from '../shared/client-files/revocation-lists';
import { resourcesOf } from './mesh-environment';

/** Where a mesh publishes what servers need. */
export interface PublishedUrls {
  readonly clientAuthoritiesUrl?: string | undefined;
  readonly revocationListsUrl?: string | undefined;
}

/** What the meshes in a sandbox publish for servers: `truststore.clientAuthoritiesUrl` and `revocationLists.url`. */
export class PublishedTrust {
  /** By the name of the bucket. */
  private readonly objects = new Map<string, PublishedObject>();
  /** PEM by the name of the bucket. What was read last remains while it can't be read. */
  private readonly authorities = new Map<string, string>();
  private readonly lists = new Map<string, string>();

  async read(sandbox: Sandbox): Promise<void> {
    const access = accessTo(sandbox);
    for (const { properties } of resourcesOf(sandbox, TRUSTSTORE_RESOURCE_TYPE)) {
      const { BucketName: bucket, ClientAuthoritiesKey: key } = properties as unknown as TruststoreProperties;
      const object = this.object(bucket, key, access);
      const pem = await readClientAuthorities(object).catch(() => undefined);
      if (pem !== undefined) this.authorities.set(bucket, pem);
    }
    for (const { properties } of resourcesOf(sandbox, REVOCATION_LISTS_RESOURCE_TYPE)) {
      const { BucketName: bucket } = properties as unknown as RevocationListsProperties;
      const object = this.object(bucket, REVOCATION_LISTS_KEY, access);
      const pem = await object.read().catch(() => undefined);
      if (pem !== undefined) this.lists.set(bucket, pem);
    }
  }

  /** PEM of those that one of the client's own authorities is among. Undefined if nothing was published. */
  authoritiesOf(secret: ClientSecret): string | undefined {
    return this.publishedAuthorities(secret)?.pem;
  }

  /** The lists of the client's mesh. Undefined if it publishes none. */
  listsOf(secret: ClientSecret): VerifiedLists | undefined {
    return this.publishedLists(secret)?.lists;
  }

  /** Where the client's mesh publishes the two, such as `s3://bucket/crl.pem`. Absent for what it doesn't publish. */
  urlsOf(secret: ClientSecret): PublishedUrls {
    const authorities = this.publishedAuthorities(secret);
    const lists = this.publishedLists(secret);
    return {
      ...(authorities && { clientAuthoritiesUrl: this.objects.get(authorities.bucket)?.url }),
      ...(lists && { revocationListsUrl: this.objects.get(lists.bucket)?.url }),
    };
  }

  private publishedAuthorities(secret: ClientSecret): { readonly bucket: string; readonly pem: string } | undefined {
    const own = readCertificates(secret.certificateChain).map(({ raw }) => encodePem('CERTIFICATE', raw));
    const found = [...this.authorities].find(([, pem]) => own.some((authority) => pem.includes(authority)));
    return found && { bucket: found[0], pem: found[1] };
  }

  private publishedLists(secret: ClientSecret): { readonly bucket: string; readonly lists: VerifiedLists } | undefined {
    const clientAuthorities = this.authoritiesOf(secret) ?? secret.certificateChain;
    for (const [bucket, pem] of this.lists) {
      const lists = usable(pem, clientAuthorities);
      if (lists !== undefined) return { bucket, lists };
    }
    return undefined;
  }

  private object(bucket: string, key: string, access: AwsAccess): PublishedObject {
    const object = this.objects.get(bucket) ?? new PublishedObject({ bucket, key }, access);
    this.objects.set(bucket, object);
    return object;
  }
}

function accessTo(sandbox: Sandbox): AwsAccess {
  const {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  } = sandbox.environment();
  if (!accessKeyId || !secretAccessKey) throw new Error('the sandbox has no credentials');
  return { endpoint: sandbox.endpoint, region, credentials: { accessKeyId, secretAccessKey } };
}

/** Those of another mesh aren't. */
function usable(pem: string, clientAuthorities: string): VerifiedLists | undefined {
  try {
    return verifyRevocationLists(pem, { clientAuthorities, now: new Date() });
  } catch (error) {
    if (error instanceof UnusableListsError) return undefined;
    throw error;
  }
}
