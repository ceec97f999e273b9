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

/** The parameter of an authority is missing, or isn't what this package writes for that authority. */
export class StoredAuthorityError extends Error {
  override readonly name = 'StoredAuthorityError';
}

/**
 * Authorities by their ARN, each in an SSM parameter of its own. The history of the parameter has what was kept before: a
 * rollback needs it.
 */
export class AuthorityStore {
  constructor(private readonly parameters: Pick<ParameterStore, keyof ParameterStore>) {}

  /** @throws StoredAuthorityError if there is no such authority, or another program has written its parameter */
  async get(certificateAuthorityArn: string, signal: AbortSignal): Promise<StoredAuthority> {
    const name = nameOf(certificateAuthorityArn);
    const text = await this.parameters.get(name, signal);
    if (text === undefined) {
      throw new StoredAuthorityError(
        `the certificate authority ${certificateAuthorityArn} has no certificate: ${REMEDY}`,
      );
    }
    const stored = readStored(text);
    if (stored !== undefined) return stored;
    throw new StoredAuthorityError(`the SSM parameter ${name} does not hold a certificate authority: ${REMEDY}`);
  }

  /** What is and was kept, the oldest first. Undefined stands for what another program has written. */
  async history(
    certificateAuthorityArn: string,
    signal: AbortSignal,
  ): Promise<readonly (StoredAuthority | undefined)[]> {
    return (await this.parameters.history(nameOf(certificateAuthorityArn), signal)).map(readStored);
  }

  put(certificateAuthorityArn: string, stored: StoredAuthority, signal: AbortSignal): Promise<void> {
    return this.parameters.put(nameOf(certificateAuthorityArn), JSON.stringify(stored), signal);
  }

  /** With its history. */
  remove(certificateAuthorityArn: string, signal: AbortSignal): Promise<void> {
    return this.parameters.delete(nameOf(certificateAuthorityArn), signal);
  }
}

/** What mends a parameter. */
const REMEDY = 'invoke the function that makes authorities with {}';

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
