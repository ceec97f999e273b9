import type { ClientSecret } from '../../../mesh/client-secret';
import type { Registry } from '../../../registry/registry';
import { certificateStatus } from '../../../registry/status';
import { type GatewayTruststore, UntrustedCertificateError } from '../issue/gateway-truststore';
import { SecretVersionError } from '../issue/secret-versions';
import { GatewayRefusalError, type HandshakeTest } from './handshake-test';

export interface CertificateProofOptions {
  readonly registry: Pick<Registry, 'getCertificate'>;
  /** This and the next option are undefined without a gateway. */
  readonly truststore: Pick<GatewayTruststore, 'assertTrusts'> | undefined;
  readonly handshakeTest: Pick<HandshakeTest, 'run'> | undefined;
  readonly now: () => Date;
}

/** Proves that the authorizer and the gateway accept a certificate before its client uses it. */
export class CertificateProof {
  constructor(private readonly options: CertificateProofOptions) {}

  /**
   * @param findCurrent reads the client's current secret
   * @throws SecretVersionError if the authorizer or the gateway would refuse the client
   */
  async prove(
    secret: ClientSecret,
    findCurrent: () => Promise<ClientSecret | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    const { truststore, handshakeTest } = this.options;
    await this.assertAccepted(secret, signal);
    try {
      await truststore?.assertTrusts(secret, signal);
      await handshakeTest?.run(secret, findCurrent, signal);
    } catch (cause) {
      if (!(cause instanceof UntrustedCertificateError || cause instanceof GatewayRefusalError)) throw cause;
      throw new SecretVersionError(`certificate ${secret.serialNumber} can't serve the client`, { cause });
    }
  }

  /** Ignores the client's state, because a disabled client may be enabled again. */
  private async assertAccepted(secret: ClientSecret, signal: AbortSignal): Promise<void> {
    const { registry, now } = this.options;
    const known = await registry.getCertificate(secret, signal);
    const status = known && certificateStatus(known, now());
    if (status !== 'ISSUED') {
      throw new SecretVersionError(`certificate ${secret.serialNumber} is ${status ?? 'unknown'} in the registry`);
    }
  }
}
