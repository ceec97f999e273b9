import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ClientSecret } from '../../mesh/client-secret';
import { expiringFrom } from '../../mesh/expiry';
import { nextRotationOf, readClientSecret } from '../shared/client-secret';

/** A client's certificate and key, and when there will be others. */
export interface Looked {
  readonly secret: ClientSecret;
  /** Milliseconds since 1970. Undefined if it is not known. */
  readonly nextRotation?: number | undefined;
}

/** Where an agent gets the certificate of one client from. */
export interface CertificateSource {
  /** @param isRefused whether a server has refused the certificate of the last look */
  look(isRefused: boolean, signal: AbortSignal): Promise<Looked>;
}

/** The secret of a client, which the mesh rotates. */
export class SecretSource implements CertificateSource {
  constructor(
    private readonly secretsManager: SecretsManagerClient,
    private readonly secretId: string,
    private readonly client: string,
  ) {}

  async look(_isRefused: boolean, signal: AbortSignal): Promise<Looked> {
    const secret = await readClientSecret(this.secretsManager, this.secretId, this.client, signal);
    return { secret, nextRotation: await nextRotationOf(this.secretsManager, this.secretId, signal) };
  }
}

/** A refusal leads to another request only after this time: the client may be disabled. Milliseconds. */
const REQUEST_INTERVAL = 600_000;

/** Certificates for keys that never leave this machine. Each has a new key. */
export class RequestSource implements CertificateSource {
  private held: ClientSecret | undefined;
  private requestedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param request a new certificate for a new key
   * @param held of an earlier run
   */
  constructor(
    private readonly request: () => Promise<ClientSecret>,
    held: ClientSecret | undefined,
    private readonly now: () => number,
  ) {
    this.held = held;
  }

  async look(isRefused: boolean): Promise<Looked> {
    const now = this.now();
    const isDue = this.held === undefined || now >= Date.parse(expiringFrom(this.held));
    if (this.held === undefined || isDue || (isRefused && now - this.requestedAt >= REQUEST_INTERVAL)) {
      this.requestedAt = now;
      this.held = await this.request();
    }
    return { secret: this.held, nextRotation: Date.parse(expiringFrom(this.held)) };
  }
}
