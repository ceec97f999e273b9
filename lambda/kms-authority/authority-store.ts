import type { ParameterStore } from '../../aws/ssm';
import { authorityId, authorityParameterName } from '../../mesh/names';

/** What is kept of an authority whose certificate a KMS key has signed. None of it is secret. */
export interface StoredAuthority {
  /** PEM: the authority's own certificate first, then each authority above it, the root last. */
  readonly certificateChain: string;
  /** PEM of the revocation lists of the authorities above, in which nothing is revoked. Empty for a root. */
  readonly revocationLists: string;
  /** Identifies the order that the certificate was made for. */
  readonly order: string;
}

/** The parameter of an authority is missing, or isn't what this package writes. */
export class StoredAuthorityError extends Error {
  override readonly name = 'StoredAuthorityError';
}

/** Authorities by their ARN, each in an SSM parameter of its own. */
export class AuthorityStore {
  constructor(private readonly parameters: Pick<ParameterStore, keyof ParameterStore>) {}

  /** @throws StoredAuthorityError for a parameter that another program has written */
  async find(certificateAuthorityArn: string, signal: AbortSignal): Promise<StoredAuthority | undefined> {
    const name = nameOf(certificateAuthorityArn);
    const text = await this.parameters.get(name, signal);
    if (text === undefined) return undefined;
    const stored = readStored(text);
    if (stored !== undefined) return stored;
    throw new StoredAuthorityError(
      `the SSM parameter ${name} does not hold a certificate authority: delete it, and invoke the function that makes authorities with {}`,
    );
  }

  /** @throws StoredAuthorityError if there is no such authority */
  async get(certificateAuthorityArn: string, signal: AbortSignal): Promise<StoredAuthority> {
    const stored = await this.find(certificateAuthorityArn, signal);
    if (stored !== undefined) return stored;
    throw new StoredAuthorityError(
      `the certificate authority ${certificateAuthorityArn} has no certificate: invoke the function that makes authorities with {}`,
    );
  }

  /** @returns false, without a change, if the authority is there already */
  add(certificateAuthorityArn: string, stored: StoredAuthority, signal: AbortSignal): Promise<boolean> {
    return this.parameters.put(nameOf(certificateAuthorityArn), JSON.stringify(stored), { overwrite: false }, signal);
  }

  async replace(certificateAuthorityArn: string, stored: StoredAuthority, signal: AbortSignal): Promise<void> {
    await this.parameters.put(nameOf(certificateAuthorityArn), JSON.stringify(stored), { overwrite: true }, signal);
  }

  remove(certificateAuthorityArn: string, signal: AbortSignal): Promise<void> {
    return this.parameters.delete(nameOf(certificateAuthorityArn), signal);
  }
}

function nameOf(certificateAuthorityArn: string): string {
  return authorityParameterName(authorityId(certificateAuthorityArn));
}

function readStored(text: string): StoredAuthority | undefined {
  try {
    const { certificateChain, revocationLists, order } = Object(JSON.parse(text)) as Record<string, unknown>;
    const isText = (value: unknown) => typeof value === 'string';
    return isText(certificateChain) && isText(revocationLists) && isText(order)
      ? { certificateChain, revocationLists, order }
      : undefined;
  } catch {
    return undefined;
  }
}
