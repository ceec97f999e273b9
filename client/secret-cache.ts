import { type ClientSecret, ClientSecretError, parseClientSecret, verifyClientSecret } from '../mesh/client-secret';
import { expiringFrom } from '../mesh/expiry';
import { CertificateEvents } from './certificate-events';
import { SecretUnavailableError } from './errors';
import type { SecretReader } from './secret-reader';

/** The time until the next refresh after a failed one, while the held certificate is valid. Milliseconds. */
const RETRY_AFTER = 30_000;
/** The shortest time between readings because a server refused the certificate. Milliseconds. */
const RENEWAL_INTERVAL = 5_000;

interface HeldSecret {
  readonly secret: ClientSecret;
  readonly staleAt: number;
}

/**
 * A secret in memory. It is read on first use, again at `maxAge` and when its certificate should have been rotated, and never
 * used after its expiry.
 */
export class SecretCache {
  readonly events = new CertificateEvents();
  /** A function, so that the private key does not appear where the cache or its owner is printed. */
  private held: (() => HeldSecret) | undefined;
  private reading: Promise<ClientSecret> | undefined;
  private renewedAt = Number.NEGATIVE_INFINITY;
  /** The fingerprint of the last certificate that was reported. */
  private reportedAsExpiring: string | undefined;

  /**
   * @param secretsManager reads the secret as it is now
   * @param maxAge milliseconds
   * @param nearbyCache is asked first, but not for what may be newer than its own copy
   */
  constructor(
    private readonly secretId: string,
    private readonly secretsManager: SecretReader,
    private readonly maxAge: number,
    private readonly nearbyCache?: SecretReader,
  ) {}

  /**
   * @throws SecretUnavailableError when Secrets Manager returns no certificate and the cache holds no valid one
   * @throws ClientSecretError when the secret can't be used
   */
  async get(): Promise<ClientSecret> {
    const held = this.held?.();
    return held && Date.now() < held.staleAt && isValid(held.secret) ? held.secret : this.refresh();
  }

  /**
   * The secret with another certificate than the one refused, or undefined while there is none. Reads the secret again,
   * but at most every five seconds: a server may refuse one request after the other. Throws as `get`.
   */
  async replacementFor(refused: ClientSecret): Promise<ClientSecret | undefined> {
    const current = await this.current(refused);
    return current.fingerprint === refused.fingerprint ? undefined : current;
  }

  private async current(refused: ClientSecret): Promise<ClientSecret> {
    const held = this.held?.().secret ?? refused;
    if (held.fingerprint !== refused.fingerprint) return held;
    if (this.reading !== undefined) return this.reading;
    const elapsed = Date.now() - this.renewedAt;
    if (elapsed >= 0 && elapsed < RENEWAL_INTERVAL) return held;
    this.renewedAt = Date.now();
    return this.refresh(this.secretsManager);
  }

  /** Concurrent callers share one reading. */
  private refresh(reader?: SecretReader): Promise<ClientSecret> {
    this.reading ??= this.read(reader).finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async read(reader: SecretReader | undefined): Promise<ClientSecret> {
    const held = this.held?.().secret;
    try {
      const secret = await (reader ? this.readFrom(reader) : this.readNearest());
      if (held !== undefined && held.fingerprint !== secret.fingerprint) {
        const { serialNumber, notAfter } = secret;
        this.events.emit('rotated', { previousSerialNumber: held.serialNumber, serialNumber, notAfter });
      }
      this.hold(secret, this.maxAge);
      return secret;
    } catch (error) {
      const isHeard = this.events.emit('error', error as Error);
      if (held === undefined || !isValid(held)) throw error;
      this.hold(held, Math.min(this.maxAge, RETRY_AFTER));
      if (!isHeard) {
        process.emitWarning(`${error}; continuing with the certificate that is valid until ${held.notAfter}`);
      }
      return held;
    }
  }

  private hold(secret: ClientSecret, milliseconds: number): void {
    const now = Date.now();
    const expiring = Date.parse(expiringFrom(secret));
    // Whether it was rotated is asked again before it is reported.
    const staleAt = now < expiring ? Math.min(now + milliseconds, expiring) : now + milliseconds;
    this.held = () => ({ secret, staleAt });
    if (now < expiring || this.reportedAsExpiring === secret.fingerprint) return;
    this.reportedAsExpiring = secret.fingerprint;
    this.events.emit('expiring', { serialNumber: secret.serialNumber, notAfter: secret.notAfter });
  }

  /** What the nearby cache has, unless that is unusable, older than what is held, or due for a rotation. */
  private async readNearest(): Promise<ClientSecret> {
    const secret = this.nearbyCache && (await this.readFrom(this.nearbyCache).catch(() => undefined));
    const held = this.held?.().secret;
    const isCurrent =
      secret !== undefined &&
      Date.now() < Date.parse(expiringFrom(secret)) &&
      (held === undefined || Date.parse(secret.notBefore) >= Date.parse(held.notBefore));
    return isCurrent ? secret : this.readFrom(this.secretsManager);
  }

  private async readFrom(reader: SecretReader): Promise<ClientSecret> {
    const json = await this.readText(reader);
    try {
      const secret = parseClientSecret(json);
      verifyClientSecret(secret, new Date());
      return secret;
    } catch (cause) {
      if (!(cause instanceof ClientSecretError)) throw cause;
      throw new ClientSecretError(`the secret ${this.secretId} cannot be used: ${cause.message}`, { cause });
    }
  }

  private async readText(reader: SecretReader): Promise<string> {
    const { SecretString } = await reader.getSecretValue({ SecretId: this.secretId }).catch((cause: unknown) => {
      throw new SecretUnavailableError(`the secret ${this.secretId} cannot be read: ${cause}`, { cause });
    });
    if (SecretString === undefined) throw new SecretUnavailableError(`the secret ${this.secretId} has no text`);
    return SecretString;
  }
}

function isValid(secret: ClientSecret): boolean {
  return Date.now() < Date.parse(secret.notAfter);
}
