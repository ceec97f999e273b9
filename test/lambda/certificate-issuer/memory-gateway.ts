import type { GatewayDomain, HandshakeResult } from '../../../aws/gateway-domain';
import type { ObjectReader, VersionedObject } from '../../../aws/s3';
import { GatewayTruststore } from '../../../lambda/certificate-issuer/issue/gateway-truststore';
import type { ClientSecret } from '../../../mesh/client-secret';

export const PUBLISHED: VersionedObject = { bucket: 'truststore', key: 'truststore.pem', versionId: 'v1' };

/** A gateway that takes certificates as it is told to, and the truststore that is published for it. */
export class MemoryGateway implements Pick<GatewayDomain, keyof GatewayDomain>, Pick<ObjectReader, 'readObject'> {
  readonly domainName = 'mesh.example.com';
  /** Serial numbers of the certificates that were shown. */
  readonly shown: string[] = [];
  readonly reads: VersionedObject[] = [];

  constructor(
    public bundle: string,
    public take: (secret: ClientSecret, signal: AbortSignal) => HandshakeResult['outcome'] = () => 'accepted',
  ) {}

  async tryHandshake(secret: ClientSecret, signal: AbortSignal): Promise<HandshakeResult> {
    this.shown.push(secret.serialNumber);
    return { outcome: this.take(secret, signal), detail: 'told to' };
  }

  async readObject(object: VersionedObject): Promise<string> {
    this.reads.push(object);
    return this.bundle;
  }

  truststore(now: () => Date = () => new Date()): GatewayTruststore {
    return new GatewayTruststore({ objects: this, published: PUBLISHED, now });
  }
}
