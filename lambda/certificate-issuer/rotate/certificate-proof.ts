import type { ClientSecret } from '../../../mesh/contract';
import { type GatewayTruststore, UntrustedCertificateError } from '../issue/gateway-truststore';
import { GatewayRefusalError, type Handshake } from './handshake';
import type { Registry } from '../registry';
import { SecretVersionError } from '../issue/secret-versions';

/** Proves of a certificate that serves its client by what it says that those whom the client meets will let it in. */
export class CertificateProof {
  constructor(
    private readonly registry: Pick<Registry, 'getCertificate'>,
    /** Of the gateway; absent without one, and so the next. */
    private readonly truststore: Pick<GatewayTruststore, 'assertTrusts'> | undefined,
    private readonly handshake: Pick<Handshake, 'prove'> | undefined,
    private readonly now: () => Date,
  ) {}

  /**
   * @param findCurrent what the client's secret holds
   * @throws SecretVersionError when the authorizer or the gateway would turn the client away
   */
  async prove(
    secret: ClientSecret,
    findCurrent: () => Promise<ClientSecret | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.assertInGoodStanding(secret, signal);
    try {
      await this.truststore?.assertTrusts(secret, signal);
      await this.handshake?.prove(secret, findCurrent, signal);
    } catch (cause) {
      if (!(cause instanceof UntrustedCertificateError || cause instanceof GatewayRefusalError)) throw cause;
      throw new SecretVersionError(`certificate ${secret.serialNumber} can't serve the client`, { cause });
    }
  }

  private async assertInGoodStanding(secret: ClientSecret, signal: AbortSignal): Promise<void> {
    const { serialNumber } = secret;
    const known = await this.registry.getCertificate(secret, signal);
    if (known === undefined) throw new SecretVersionError(`the registry does not know certificate ${serialNumber}`);
    if (known.status === 'REVOKED') throw new SecretVersionError(`certificate ${serialNumber} is revoked`);
    if (known.refuseAfter !== undefined && known.refuseAfter <= this.now().toISOString()) {
      throw new SecretVersionError(`certificate ${serialNumber} is refused since ${known.refuseAfter}`);
    }
  }
}
