import { encodePem } from '../../pki/pem';
import { type RevocationListEntry, type RevocationListOptions, signRevocationList } from '../../pki/revocation-list';
import type { Authority } from './authorities';
import { LocalSigner } from './local-signer';

const MINUTE = 60_000;

export interface ListOptions extends Partial<Omit<RevocationListOptions, 'issuer' | 'entries'>> {
  /** Serial numbers, revoked just now because of a compromise of the key. */
  readonly revoked?: readonly string[];
}

/** PEM of a list with the number 1 that is valid from a minute ago for an hour, unless something else is specified. */
export async function createRevocationList(authority: Authority, options: ListOptions = {}): Promise<string> {
  const { revoked = [], number = 1n } = options;
  const thisUpdate = options.thisUpdate ?? new Date(Date.now() - MINUTE);
  const nextUpdate = options.nextUpdate ?? new Date(thisUpdate.getTime() + 61 * MINUTE);
  const entries = revoked.map(
    (serialNumber): RevocationListEntry => ({ serialNumber, revokedAt: thisUpdate, reason: 'KEY_COMPROMISE' }),
  );
  const signer = new LocalSigner(authority.privateKey, authority.signingAlgorithm);
  const list = { issuer: authority.certificate, number, thisUpdate, nextUpdate, entries };
  return encodePem('X509 CRL', await signRevocationList(list, signer, new AbortController().signal));
}
