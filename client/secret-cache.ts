import { type ClientSecret, ClientSecretError, parseClientSecret, verifyClientSecret } from '../mesh/client-secret';
import { SecretUnavailableError } from './errors';

/** Reads secrets. The `SecretsManager` of the AWS SDK implements it. */
export interface SecretReader {
  getSecretValue(input: { SecretId: string }): Promise<{ SecretString?: string; VersionId?: string }>;
}

/** The time until the next refresh after a failed one, while the held certificate is valid. Milliseconds. */
const RETRY_AFTER = 30_000;

interface HeldSecret {
  readonly secret: ClientSecret;
  readonly staleAt: number;
}

/** A secret in memory. It is read on first use and again at `maxAge`, and never used after its expiry. */
export class SecretCache {
  /** A function, so that the private key does not appear where the cache or its owner is printed. */
  private held: (() => HeldSecret) | undefined;
  private reading: Promise<ClientSecret> | undefined;

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

  /** Reads the secret again, whatever its age. Concurrent callers share one reading. Throws as `get`. */
  refresh(): Promise<ClientSecret> {
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
