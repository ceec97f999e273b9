import type { ClientSecret } from '../../../mesh/contract';
import { failureSentence } from '../../../aws/failure';
import type { Log } from '../../log';

/** The gateway turns a certificate away, and lets in the one that it is to replace. */
export class GatewayRefusalError extends Error {
  override readonly name = 'GatewayRefusalError';
}

/** How a gateway takes a certificate. */
export interface Reception {
  readonly outcome: 'let in' | 'refused' | 'not reached';
  /** What was seen of it. */
  readonly detail: string;
}

/** The entrance of the mesh. */
export interface Gateway {
  readonly domainName: string;
  /** Calls as the client whose secret it is, with a request that no service gets. Never rejects. */
  receive(secret: ClientSecret, signal: AbortSignal): Promise<Reception>;
}

/** Longest that all calls to the gateway may take together. */
const PATIENCE_MS = 5_000;

/**
 * Shows a certificate to the gateway before its client does.
 *
 * A function can't always reach the gateway, be it for the network's sake or because the gateway is yet to be deployed,
 * and certificates must not expire for that. So a refusal counts only where the certificate that is to be replaced is let
 * in at the same time: then the client is better off without the other one.
 */
export class Handshake {
  constructor(
    private readonly gateway: Gateway,
    private readonly log: Log,
  ) {}

  /**
   * @param findCurrent what the client's secret holds; a failure counts as nothing
   * @throws GatewayRefusalError
   */
  async prove(
    secret: ClientSecret,
    findCurrent: () => Promise<ClientSecret | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    const time = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const { outcome } = await this.show(secret, time);
    if (outcome !== 'refused') return;
    const current = await this.tryToFind(findCurrent);
    if (current === undefined || current.fingerprint === secret.fingerprint) return;
    if ((await this.show(current, time)).outcome !== 'let in') return;
    const { clientName, serialNumber } = secret;
    throw new GatewayRefusalError(
      `certificate ${serialNumber} of ${clientName} is refused by the gateway ${this.gateway.domainName}, which lets in the current one: compare the authorities of both with the gateway's truststore`,
    );
  }

  private async show(secret: ClientSecret, time: AbortSignal): Promise<Reception> {
    const { clientName, serialNumber } = secret;
    const reception = await this.gateway.receive(secret, time);
    const { outcome, detail } = reception;
    this.log({ event: 'handshake-tried', client: clientName, serialNumber, outcome, detail });
    return reception;
  }

  private async tryToFind(findCurrent: () => Promise<ClientSecret | undefined>): Promise<ClientSecret | undefined> {
    try {
      return await findCurrent();
    } catch (error) {
      this.log({ event: 'handshake-not-compared', reason: failureSentence(error) });
      return undefined;
    }
  }
}
