import type { X509Certificate } from 'node:crypto';
import type { Kms } from '../../aws/kms';
import { type ListingAuthority, revocationListKey } from '../../mesh/kms-authority';
import { authorityId } from '../../mesh/names';
import { encodePem, readCertificates } from '../../pki/pem';
import { signRevocationList } from '../../pki/revocation-list';
import { type RevocationList, RevocationListError, readRevocationLists } from '../../pki/revocation-list-reader';
import { isAuthentic } from '../kms-authority/authenticity';
import { type AuthorityStore, type StoredAuthority, StoredAuthorityError } from '../kms-authority/authority-store';
import { kmsSigner } from '../kms-authority/kms-signer';
import type { ReportedRevocation } from './reported-revocation';
import type { RevokedCertificates } from './revoked-certificates';

const HOUR_MS = 3_600_000;

export interface AuthorityListOptions {
  /** Hours from a list to the time when the next one is published at the latest. */
  readonly validityHours: number;
  readonly revoked: Pick<RevokedCertificates, 'of'>;
  readonly authorityStore: Pick<AuthorityStore, 'get'>;
  readonly kms: Pick<Kms, 'publicKey' | 'sign'>;
  readonly now: () => Date;
}

/** An authority, and the list that it has signed last. */
export interface ListedAuthority extends ListingAuthority {
  readonly certificate: X509Certificate;
  /** Of the authorities above, in PEM. */
  readonly listsAbove: string;
  /** Undefined if there is none yet. */
  readonly last: RevocationList | undefined;
}

/** A list that was made, or the last one. */
export interface AuthorityList {
  /** The key of the object with the list in DER. */
  readonly key: string;
  readonly der: Buffer<ArrayBuffer>;
  /** Together with the lists of the authorities above. */
  readonly pem: string;
}

/** The lists of one authority after the other. */
export class AuthorityLists {
  constructor(private readonly options: AuthorityListOptions) {}

  /** @param published the lists of all authorities that were published last, of which nothing is trusted that doesn't verify */
  async read(
    authority: ListingAuthority,
    published: readonly RevocationList[],
    signal: AbortSignal,
  ): Promise<ListedAuthority> {
    const { certificateAuthorityArn, issuerKeyArn, subject } = authority;
    const { authorityStore, kms } = this.options;
    const stored = await authorityStore.get(certificateAuthorityArn, signal);
    const publicKey = await kms.publicKey(certificateAuthorityArn, signal);
    const issuerKey = issuerKeyArn === certificateAuthorityArn ? publicKey : await kms.publicKey(issuerKeyArn, signal);
    const isGenuine = isAuthentic(stored, { subject, publicKey, issuerKey });
    const [certificate, ...above] = isGenuine ? readCertificates(stored.certificateChain) : [];
    if (certificate === undefined || !haveLists(above, stored)) {
      throw new StoredAuthorityError(
        `the SSM parameter of ${certificateAuthorityArn} holds the certificate or the lists of another authority: ` +
          'invoke the function that makes authorities with {}',
      );
    }
    const last = published.find((list) => list.isSignedBy(certificate));
    return { ...authority, certificate, listsAbove: stored.revocationLists, last };
  }

  /** @param number higher than that of every list before */
  async make(
    { certificateAuthorityArn: arn, signingAlgorithm, certificate: issuer, listsAbove, last }: ListedAuthority,
    number: bigint,
    reported: ReportedRevocation | undefined,
    signal: AbortSignal,
  ): Promise<AuthorityList> {
    const { kms, revoked, validityHours, now } = this.options;
    const at = now();
    // An entry is listed once more after its certificate has expired: RFC 5280, section 3.3.
    const since = last ? madeAt(last) : at;
    const found = await revoked.of(arn, since, reported ? [reported.certificate] : [], signal);
    const entries = new Map(found.map((entry) => [entry.serialNumber, entry]));
    // The index of the registry may not know yet what an earlier run knew from an event.
    for (const entry of last?.entries ?? []) {
      if (entry.revokedAt.getTime() > at.getTime() - HOUR_MS && !entries.has(entry.serialNumber)) {
        entries.set(entry.serialNumber, entry);
      }
    }
    const list = await signRevocationList(
      {
        issuer,
        number,
        thisUpdate: new Date(at.getTime() - BACKDATING),
        nextUpdate: new Date(at.getTime() + validityHours * HOUR_MS),
        entries: [...entries.values()],
      },
      kmsSigner(kms, arn, signingAlgorithm, issuer),
      signal,
    );
    return listOf(arn, list, listsAbove);
  }
}

/** For servers whose clocks are behind. Milliseconds. */
const BACKDATING = HOUR_MS;

/** When a list was made. */
export function madeAt({ thisUpdate }: RevocationList): Date {
  return new Date(thisUpdate.getTime() + BACKDATING);
}

/** The last list once more. Undefined if there is none. */
export function lastList({ certificateAuthorityArn, last, listsAbove }: ListedAuthority): AuthorityList | undefined {
  return last && listOf(certificateAuthorityArn, last.raw, listsAbove);
}

function listOf(arn: string, der: Uint8Array, listsAbove: string): AuthorityList {
  const pem = encodePem('X509 CRL', der) + listsAbove;
  return { key: revocationListKey(authorityId(arn)), der: Buffer.from(der), pem };
}

/** Whether there is a list of each of the authorities, and nothing else. */
function haveLists(authorities: readonly X509Certificate[], { revocationLists }: StoredAuthority): boolean {
  try {
    const lists = revocationLists === '' ? [] : readRevocationLists(revocationLists);
    return (
      lists.length === authorities.length && authorities.every((one) => lists.some((list) => list.isSignedBy(one)))
    );
  } catch (error) {
    if (error instanceof RevocationListError) return false;
    throw error;
  }
}
