import type { X509Certificate } from 'node:crypto';
import { ChainError, verifyTrust } from '../../../pki/chain';
import type { ClientSecret } from '../../../mesh/contract';
import { PemError, readCertificate, readCertificates } from '../../../pki/pem';
import type { ObjectReader, VersionedObject } from '../../object-reader';

/** The gateway would not let the certificate in. */
export class UntrustedCertificateError extends Error {
  override readonly name = 'UntrustedCertificateError';
}

/** What the gateway trusts: the published truststore in the version that its domain name has. */
export class GatewayTruststore {
  private anchors: readonly X509Certificate[] | undefined;

  constructor(
    private readonly objects: ObjectReader,
    private readonly published: VersionedObject,
    private readonly now: () => Date,
  ) {}

  /**
   * API Gateway needs every authority from the issuing one to the root in the truststore, whatever a client sends:
   * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
   * @throws UntrustedCertificateError
   */
  async assertTrusts(
    { clientName, certificate }: Pick<ClientSecret, 'clientName' | 'certificate'>,
    signal: AbortSignal,
  ): Promise<void> {
    this.anchors ??= await this.readAnchors(signal);
    try {
      verifyTrust(readCertificate(certificate), this.anchors, this.now());
    } catch (cause) {
      if (!(cause instanceof ChainError)) throw cause;
      const remedy = 'deploy the truststore with the chain of the authority that issues';
      throw new UntrustedCertificateError(
        `the gateway would refuse the certificate of ${clientName}, as ${this.name} does not lead to its root; ${remedy}`,
        { cause },
      );
    }
  }

  private async readAnchors(signal: AbortSignal): Promise<readonly X509Certificate[]> {
    const bundle = await this.objects.read(this.published, signal);
    try {
      return readCertificates(bundle);
    } catch (cause) {
      if (!(cause instanceof PemError)) throw cause;
      throw new UntrustedCertificateError(`${this.name} can't be read as certificates`, { cause });
    }
  }

  private get name(): string {
    const { bucket, key, versionId } = this.published;
    return `the truststore s3://${bucket}/${key}, version ${versionId},`;
  }
}
