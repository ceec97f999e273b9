import { type ClientSecret, ClientSecretError, parseClientSecret, verifyClientSecret } from '../mesh/client-secret';
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

/** A secret in memory. It is read on first use and again at `maxAge`, and never used after its expiry. */
export class SecretCache {
  /** A function, so that the private key does not appear where the cache or its owner is printed. */
  private held: (() => HeldSecret) | undefined;
  private reading: Promise<ClientSecret> | undefined;
  private renewedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly secretId: string,
    private readonly reader: SecretReader,
    /** Milliseconds. */
    private readonly maxAge: number,
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
    return this.refresh();
  }

  /** Concurrent callers share one reading. */
  private refresh(): Promise<ClientSecret> {
    this.reading ??= this.read().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async read(): Promise<ClientSecret> {
    try {
      const secret = await this.readSecret();
      this.hold(secret, this.maxAge);
      return secret;
    } catch (error) {
      const held = this.held?.().secret;
      if (held === undefined || !isValid(held)) throw error;
      this.hold(held, Math.min(this.maxAge, RETRY_AFTER));
      process.emitWarning(`${error}; continuing with the certificate that is valid until ${held.notAfter}`);
      return held;
    }
  }

  private hold(secret: ClientSecret, milliseconds: number): void {
    const held = { secret, staleAt: Date.now() + milliseconds };
    this.held = () => held;
  }

  private async readSecret(): Promise<ClientSecret> {
    const json = await this.readText();
    try {
      const secret = parseClientSecret(json);
      verifyClientSecret(secret, new Date());
      return secret;
    } catch (cause) {
      if (!(cause instanceof ClientSecretError)) throw cause;
      throw new ClientSecretError(`the secret ${this.secretId} cannot be used: ${cause.message}`, { cause });
    }
  }

  private async readText(): Promise<string> {
    const { SecretString } = await this.reader.getSecretValue({ SecretId: this.secretId }).catch((cause: unknown) => {
      throw new SecretUnavailableError(`the secret ${this.secretId} cannot be read: ${cause}`, { cause });
    });
    if (SecretString === undefined) throw new SecretUnavailableError(`the secret ${this.secretId} has no text`);
    return SecretString;
  }
}

function isValid(secret: ClientSecret): boolean {
  return Date.now() < Date.parse(secret.notAfter);
}
