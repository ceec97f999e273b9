import { ClientSecretError, parseClientSecret, verifyClientSecret } from '../mesh/client-secret';
import type { ClientSecret } from '../mesh/contract';
import { SecretUnavailableError } from './errors';

/** What a client needs of AWS: the AWS SDK's `SecretsManager` fits. */
export interface SecretReader {
  getSecretValue(input: { SecretId: string }): Promise<{ SecretString?: string; VersionId?: string }>;
}

/** How long to wait after a failed refresh before the next one, while the certificate at hand is valid. Milliseconds. */
const RETRY_AFTER = 30_000;

/** A secret in memory: read when it is first needed, again when it has grown old, and never used past its validity. */
export class SecretCache {
  #held: { readonly secret: ClientSecret; readonly staleAt: number } | undefined;
  #reading: Promise<ClientSecret> | undefined;

  constructor(
    private readonly secretId: string,
    private readonly reader: SecretReader,
    /** Milliseconds. */
    private readonly maxAge: number,
  ) {}

  /**
   * @throws SecretUnavailableError when there is no valid certificate at hand and Secrets Manager gives none
   * @throws ClientSecretError when what Secrets Manager gives cannot be used
   */
  async get(): Promise<ClientSecret> {
    const held = this.#held;
    return held && Date.now() < held.staleAt && isCurrent(held.secret) ? held.secret : this.refresh();
  }

  /** Reads the secret again, whatever its age. Callers at the same time share one reading. Errors as `get`. */
  refresh(): Promise<ClientSecret> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<ClientSecret> {
    try {
      const secret = await this.#fetch();
      this.#held = { secret, staleAt: Date.now() + this.maxAge };
      return secret;
    } catch (error) {
      const held = this.#held?.secret;
      if (held === undefined || !isCurrent(held)) throw error;
      this.#held = { secret: held, staleAt: Date.now() + Math.min(this.maxAge, RETRY_AFTER) };
      process.emitWarning(`${error}; going on with the certificate that is valid until ${held.notAfter}`);
      return held;
    }
  }

  async #fetch(): Promise<ClientSecret> {
    const json = await this.#fetchText();
    try {
      const secret = parseClientSecret(json);
      verifyClientSecret(secret, new Date());
      return secret;
    } catch (cause) {
      if (!(cause instanceof ClientSecretError)) throw cause;
      throw new ClientSecretError(`the secret ${this.secretId} cannot be used: ${cause.message}`, { cause });
    }
  }

  async #fetchText(): Promise<string> {
    const { SecretString } = await this.reader.getSecretValue({ SecretId: this.secretId }).catch((cause: unknown) => {
      throw new SecretUnavailableError(`the secret ${this.secretId} cannot be read: ${cause}`, { cause });
    });
    if (SecretString === undefined) throw new SecretUnavailableError(`the secret ${this.secretId} has no text`);
    return SecretString;
  }
}

function isCurrent(secret: ClientSecret): boolean {
  return Date.now() < Date.parse(secret.notAfter);
}
