import { GatewayTruststore } from '../../../lambda/certificate-issuer/issue/gateway-truststore';
import type { Gateway, Reception } from '../../../lambda/certificate-issuer/rotate/handshake';
import type { ObjectReader, VersionedObject } from '../../../lambda/object-reader';
import type { ClientSecret } from '../../../mesh/client-secret';

const PUBLISHED: VersionedObject = { bucket: 'truststore', key: 'truststore.pem', versionId: 'v1' };

/** A gateway that takes certificates as it is told to, and the truststore that is published for it. */
export class MemoryGateway implements Gateway, ObjectReader {
  readonly domainName = 'mesh.example.com';
  /** Serial numbers of the certificates that were shown. */
  readonly shown: string[] = [];
  readonly reads: VersionedObject[] = [];

  constructor(
    public bundle: string,
    public take: (secret: ClientSecret, signal: AbortSignal) => Reception['outcome'] = () => 'let in',
  ) {}

  async receive(secret: ClientSecret, signal: AbortSignal): Promise<Reception> {
    this.shown.push(secret.serialNumber);
    return { outcome: this.take(secret, signal), detail: 'told to' };
  }

  async read(object: VersionedObject): Promise<string> {
    this.reads.push(object);
    return this.bundle;
  }

  truststore(now: () => Date = () => new Date()): GatewayTruststore {
    return new GatewayTruststore(this, PUBLISHED, now);
  }
}
