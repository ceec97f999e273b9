import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { subjectText } from '../../../pki/certificate-fields';
import { encodePem, readCertificates } from '../../../pki/pem';
import { type RevocationList, RevocationListError, readRevocationLists } from '../../../pki/revocation-list-reader';
import { CLIENT_FILES } from './contents';

/** The lists must not take the place of those before. */
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
  /** Why servers refuse clients, with the names of the authorities. One sentence each, without a full stop. */
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
 * The lists of the authorities, and of no others. A list never takes the place of a newer one: who can put the object could let
 * a revoked certificate in.
 *
 * @param pem as the mesh publishes it, whatever other lists and text it contains
 * @throws UnusableListsError if a list is malformed, older than the one before, missing although there was one, not signed by its
 * authority, or not valid yet, or if there is none
 */
export function verifyRevocationLists(
  pem: string,
  { clientAuthorities, before, now }: ListVerification,
): VerifiedLists {
  const authorities = readCertificates(clientAuthorities);
  const published = read(pem);
  const held = listsIn(before);
  const lists: RevocationList[] = [];
  const warnings: string[] = [];
  for (const authority of authorities) {
    const name = subjectText(authority);
    const list = newestOf(authority, published);
    const previous = newestOf(authority, held.filter(isSignedBy(authority)));
    if (list === undefined && previous !== undefined) {
      throw new UnusableListsError(`the list of ${name} is missing, and ${CLIENT_FILES.revocationLists} has one`);
    }
    if (list === undefined) {
      warnings.push(`there is no list of ${name}: servers that use the lists refuse its clients`);
      continue;
    }
    if (previous !== undefined && list.number < previous.number) {
      const [older, newer] = [`number ${list.number}`, `number ${previous.number} of ${CLIENT_FILES.revocationLists}`];
      throw new UnusableListsError(`the list of ${name} is an older one: ${older}, before ${newer}`);
    }
    if (now < list.thisUpdate) {
      const [from, clock] = [list.thisUpdate.toISOString(), now.toISOString()];
      throw new UnusableListsError(
        `the list of ${name} is valid from ${from}, and the clock of this machine says ${clock}`,
      );
    }
    if (now > list.nextUpdate) {
      const until = list.nextUpdate.toISOString();
      warnings.push(`the list of ${name} was valid until ${until}: servers that use the lists refuse its clients`);
    }
    lists.push(list);
  }
  const nextUpdate = earliestOf(lists);
  if (nextUpdate === undefined) {
    throw new UnusableListsError(`there is no list of ${authorities.map(subjectText).join(', or of ')}`);
  }
  return { pem: lists.map(({ raw }) => encodePem('X509 CRL', raw)).join(''), nextUpdate, warnings };
}

/** PEM of the `crl.pem` in a directory. Undefined if there is none. */
export async function heldRevocationLists(directory: string): Promise<string | undefined> {
  return readFile(join(directory, CLIENT_FILES.revocationLists), 'utf8').catch(() => undefined);
}

/** When the first of the lists is no longer valid. Undefined if they can't be read. */
export function nextUpdateIn(pem: string | undefined): Date | undefined {
  return earliestOf(listsIn(pem));
}

/** What somebody else has written counts as nothing. */
function listsIn(pem: string | undefined): readonly RevocationList[] {
  try {
    return pem === undefined ? [] : readRevocationLists(pem);
  } catch (error) {
    if (error instanceof RevocationListError) return [];
    throw error;
  }
}

function read(pem: string): readonly RevocationList[] {
  try {
    return readRevocationLists(pem);
  } catch (cause) {
    if (!(cause instanceof RevocationListError)) throw cause;
    throw new UnusableListsError(cause.message, { cause });
  }
}

/** @throws UnusableListsError if a list has the name of the authority, but not its signature */
function newestOf(authority: X509Certificate, lists: readonly RevocationList[]): RevocationList | undefined {
  const own = lists.filter((list) => list.isOf(authority));
  if (!own.every(isSignedBy(authority))) {
    throw new UnusableListsError(`${subjectText(authority)} has not signed the list with its name`);
  }
  return own.reduce<RevocationList | undefined>(
    (newest, list) => (newest === undefined || list.number > newest.number ? list : newest),
    undefined,
  );
}

function isSignedBy(authority: X509Certificate): (list: RevocationList) => boolean {
  return (list) => {
    try {
      list.verify(authority);
      return true;
    } catch (error) {
      if (error instanceof RevocationListError) return false;
      throw error;
    }
  };
}

function earliestOf(lists: readonly RevocationList[]): Date | undefined {
  const times = lists.map(({ nextUpdate }) => nextUpdate.getTime());
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}
