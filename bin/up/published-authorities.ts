import type { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import type { ClientSecret } from '../../mesh/client-secret';
import { TRUSTSTORE_RESOURCE_TYPE, type TruststoreProperties } from '../../mesh/contract';
import { encodePem, readCertificates } from '../../pki/pem';
import { readClientAuthorities } from '../shared/client-files/client-authorities';
import { resourcesOf } from './mesh-environment';

/** The objects of `truststore.clientAuthoritiesUrl` of the meshes in a sandbox. */
export class PublishedAuthorities {
  /** PEM by the name of the bucket. What was read last remains while it can't be read. */
  private readonly published = new Map<string, string>();

  async read(sandbox: Sandbox): Promise<void> {
    const {
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    } = sandbox.environment();
    if (!accessKeyId || !secretAccessKey) throw new Error('the sandbox has no credentials');
    const access = { endpoint: sandbox.endpoint, region, credentials: { accessKeyId, secretAccessKey } };
    for (const { properties } of resourcesOf(sandbox, TRUSTSTORE_RESOURCE_TYPE)) {
      const { BucketName: bucket, ClientAuthoritiesKey: key } = properties as unknown as TruststoreProperties;
      const pem = await readClientAuthorities({ bucket, key }, access).catch(() => undefined);
      if (pem !== undefined) this.published.set(bucket, pem);
    }
  }

  /** PEM of those that one of the client's own authorities is among. Undefined if nothing was published. */
  of(secret: ClientSecret): string | undefined {
    const own = readCertificates(secret.certificateChain).map(({ raw }) => encodePem('CERTIFICATE', raw));
    return [...this.published.values()].find((pem) => own.some((authority) => pem.includes(authority)));
  }
}
