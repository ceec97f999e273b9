import type { Log } from '../../../aws/cloudwatch';
import { failureSentence } from '../../../aws/failure';
import type { GatewayDomain, HandshakeResult } from '../../../aws/gateway-domain';
import { withTimeout } from '../../../aws/timeout';
import type { ClientSecret } from '../../../mesh/client-secret';

/** The gateway refuses a certificate and accepts the one that it would replace. */
export class GatewayRefusalError extends Error {
  override readonly name = 'GatewayRefusalError';
}

/** The time limit for all calls to the gateway together. Milliseconds. */
const TIME_LIMIT = 5_000;

/**
 * Tries a certificate on the gateway before its client uses it.
 *
 * A function can't always reach the gateway. The network may not allow it, or the gateway may not be deployed yet. In
 * these cases, rotation must continue, or certificates would expire. So a refusal counts only if the gateway accepts
 * the current certificate at the same time. Then the client should keep the current one.
 */
export class HandshakeTest {
  constructor(
    private readonly gateway: Pick<GatewayDomain, 'domainName' | 'tryHandshake'>,
    private readonly log: Log,
  ) {}

  /**
   * @param findCurrent reads the client's current secret; an error counts as no secret
   * @throws GatewayRefusalError
   */
  async run(
    secret: ClientSecret,
    findCurrent: () => Promise<ClientSecret | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    if (!(await withTimeout(TIME_LIMIT, signal, (limited) => this.isBlocked(secret, findCurrent, limited)))) return;
    const { clientName, serialNumber } = secret;
    throw new GatewayRefusalError(
      `the gateway ${this.gateway.domainName} refuses certificate ${serialNumber} of ${clientName} and accepts the current one: compare the authorities of both with the gateway's truststore`,
    );
  }

  /** Whether the gateway refuses the secret's certificate and accepts the current one. */
  private async isBlocked(
    secret: ClientSecret,
    findCurrent: () => Promise<ClientSecret | undefined>,
    signal: AbortSignal,
  ): Promise<boolean> {
    if ((await this.try(secret, signal)).outcome !== 'refused') return false;
    const current = await this.find(findCurrent);
    if (current === undefined || current.fingerprint === secret.fingerprint) return false;
    return (await this.try(current, signal)).outcome === 'accepted';
  }

  private async try(secret: ClientSecret, signal: AbortSignal): Promise<HandshakeResult> {
    const { clientName, serialNumber } = secret;
    const result = await this.gateway.tryHandshake(secret, signal);
    this.log({ event: 'handshake-tried', client: clientName, serialNumber, ...result });
    return result;
  }

  private async find(findCurrent: () => Promise<ClientSecret | undefined>): Promise<ClientSecret | undefined> {
    try {
      return await findCurrent();
    } catch (error) {
      this.log({ event: 'handshake-not-compared', reason: failureSentence(error) });
      return undefined;
    }
  }
}
