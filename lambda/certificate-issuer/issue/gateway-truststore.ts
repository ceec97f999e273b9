import type { X509Certificate } from 'node:crypto';
import type { ObjectReader, VersionedObject } from '../../../aws/s3';
import type { ClientSecret } from '../../../mesh/client-secret';
import { ChainError, verifyTrust } from '../../../pki/chain';
import { PemError, readCertificate, readCertificates } from '../../../pki/pem';

/** The gateway would refuse the certificate. */
export class UntrustedCertificateError extends Error {
  override readonly name = 'UntrustedCertificateError';
}

export interface GatewayTruststoreOptions {
  readonly objects: Pick<ObjectReader, 'readObject'>;
  /** The version of the truststore that the gateway's domain uses. */
  readonly published: VersionedObject;
  readonly now: () => Date;
}

/** The gateway's published truststore. */
export class GatewayTruststore {
  private authorities: readonly X509Certificate[] | undefined;

  constructor(private readonly options: GatewayTruststoreOptions) {}

  /**
   * API Gateway needs every authority from the issuing one to the root in the truststore, even if the client sends
   * them:
   * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
   * The chain is checked as well, because programs that read the secret may trust its authorities.
   * @throws UntrustedCertificateError
   */
  async assertTrusts(
    {
      clientName,
      certificate,
      certificateChain,
    }: Pick<ClientSecret, 'clientName' | 'certificate' | 'certificateChain'>,
    signal: AbortSignal,
  ): Promise<void> {
    this.authorities ??= await this.readAuthorities(signal);
    const now = this.options.now();
    try {
      for (const one of [readCertificate(certificate), ...readCertificates(certificateChain)]) {
        verifyTrust(one, this.authorities, now);
      }
    } catch (cause) {
      if (!(cause instanceof ChainError)) throw cause;
      throw new UntrustedCertificateError(
        `the gateway would refuse the certificate of ${clientName}, because ${this.name} has no chain to its root: ` +
          'deploy the truststore with the chain of the issuing authority',
        { cause },
      );
    }
  }

  private async readAuthorities(signal: AbortSignal): Promise<readonly X509Certificate[]> {
    const { objects, published } = this.options;
    const bundle = await objects.readObject(published, signal);
    try {
      return readCertificates(bundle);
    } catch (cause) {
      if (!(cause instanceof PemError)) throw cause;
      throw new UntrustedCertificateError(`${this.name} can't be read as certificates`, { cause });
    }
  }

  private get name(): string {
    const { bucket, key, versionId } = this.options.published;
    return `the truststore s3://${bucket}/${key}, version ${versionId},`;
  }
}
