import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { subjectText } from '../../../pki/certificate-fields';
import { encodePem, readCertificates } from '../../../pki/pem';
import { type RevocationList, RevocationListError, readRevocationLists } from '../../../pki/revocation-list-reader';
import { CLIENT_FILES } from './contents';
import { ignoreMissing } from './directory';

/** The published lists must not be written. */
export class UnusableListsError extends Error {
  override readonly name = 'UnusableListsError';

  constructor(reason: string, options?: ErrorOptions) {
    super(`the revocation lists can't be used: ${reason}`, options);
  }
}

/** Revocation lists that their authorities have signed. */
export interface VerifiedLists {
  /** PEM. The newest list of each authority, and of no other one. */
  readonly pem: string;
  /** When the first of them is no longer valid. */
  readonly nextUpdate: Date;
  /** What is wrong, with the names of the authorities. One sentence each, without a full stop. */
  readonly warnings: readonly string[];
}

export interface ListVerification {
  /** PEM of `client-ca.pem`. */
  readonly clientAuthorities: string;
  /** PEM of the `crl.pem` that will be replaced. Undefined if there is none. */
  readonly before?: string | undefined;
  readonly now: Date;
}

/**
 * For each authority, the newest of the published list and that of before: who can put the object can't let a revoked certificate
 * in. A list of before stays also where a root has signed another one for an authority that has left since, or where an authority
 * has left the mesh, but not the truststore.
 *
 * @param published PEM of the mesh's object. Lists of other authorities are left out
 * @throws UnusableListsError if the object is malformed or has a list of none of the authorities, or if a list isn't signed by the
 * authority that it names, or isn't valid yet
 */
export function verifyRevocationLists(
  published: string,
  { clientAuthorities, before, now }: ListVerification,
): VerifiedLists {
  const authorities = readCertificates(clientAuthorities);
  const candidates = readPublished(published);
  if (!authorities.some((authority) => candidates.some((list) => list.isOf(authority)))) {
    throw new UnusableListsError(`there is no list of ${authorities.map(subjectText).join(', or of ')}`);
  }
  const held = readHeld(before);
  const lists: RevocationList[] = [];
  const warnings: string[] = [];
  for (const authority of authorities) {
    const own = candidates.filter((list) => list.isOf(authority));
    for (const list of own) assertUsable(list, authority, now);
    const found = newestOf(own);
    const previous = newestOf(held.filter((list) => list.isSignedBy(authority)));
    const newest = newestOf([found, previous].filter((list) => list !== undefined));
    if (newest !== undefined) lists.push(newest);
    const problem = problemOf(found, previous, newest, now);
    if (problem !== undefined) warnings.push(`${subjectText(authority)} ${problem}`);
  }
  return {
    pem: lists.map(({ raw }) => encodePem('X509 CRL', raw)).join(''),
    nextUpdate: earliestOf(lists),
    warnings,
  };
}

/**
 * PEM of the `crl.pem` in a directory. Undefined if there is none. Fails for one that can't be read, because an older list could
 * then take its place.
 */
export async function heldRevocationLists(directory: string): Promise<string | undefined> {
  return readFile(join(directory, CLIENT_FILES.revocationLists), 'utf8').catch(ignoreMissing);
}

/** When the first of the lists is no longer valid. Undefined if they can't be read. */
export function nextUpdateIn(pem: string | undefined): Date | undefined {
  const lists = readHeld(pem);
  return lists.length === 0 ? undefined : earliestOf(lists);
}

function readPublished(pem: string): readonly RevocationList[] {
  try {
    return readRevocationLists(pem);
  } catch (cause) {
    if (!(cause instanceof RevocationListError)) throw cause;
    throw new UnusableListsError(cause.message, { cause });
  }
}

/** What somebody else has written counts as nothing. */
function readHeld(pem: string | undefined): readonly RevocationList[] {
  try {
    return pem === undefined ? [] : readRevocationLists(pem);
  } catch (error) {
    if (error instanceof RevocationListError) return [];
    throw error;
  }
}

/** @throws UnusableListsError */
function assertUsable(list: RevocationList, authority: X509Certificate, now: Date): void {
  const name = subjectText(authority);
  if (!list.isSignedBy(authority)) throw new UnusableListsError(`${name} has not signed the list with its name`);
  if (now >= list.thisUpdate) return;
  // Servers would refuse all clients until then.
  const [from, clock] = [list.thisUpdate.toISOString(), now.toISOString()];
  throw new UnusableListsError(
    `the list of ${name} is valid from ${from}, and the clock of this machine says ${clock}`,
  );
}

/** The one with the highest number, and the first of several. */
function newestOf(lists: readonly RevocationList[]): RevocationList | undefined {
  return lists.reduce<RevocationList | undefined>(
    (newest, list) => (newest === undefined || list.number > newest.number ? list : newest),
    undefined,
  );
}

const CONSEQUENCE = 'servers that use the lists refuse its clients';

/** What is wrong with the lists of one authority. Undefined for nothing. */
function problemOf(
  found: RevocationList | undefined,
  previous: RevocationList | undefined,
  newest: RevocationList | undefined,
  now: Date,
): string | undefined {
  if (newest === undefined) return `has no list: ${CONSEQUENCE}`;
  const until = newest.nextUpdate.toISOString();
  if (now > newest.nextUpdate) return `has a list that was valid until ${until}: ${CONSEQUENCE}`;
  if (found === undefined) return `has no list any more: the one before stays, which is valid until ${until}`;
  if (newest === previous && hasOtherEntries(previous, found)) {
    return `has an older list without some revocations: the one before stays, which is valid until ${until}`;
  }
  return undefined;
}

function hasOtherEntries({ entries }: RevocationList, other: RevocationList): boolean {
  const serialNumbers = new Set(other.entries.map(({ serialNumber }) => serialNumber));
  return entries.some(({ serialNumber }) => !serialNumbers.has(serialNumber));
}

function earliestOf(lists: readonly RevocationList[]): Date {
  return new Date(Math.min(...lists.map(({ nextUpdate }) => nextUpdate.getTime())));
}
