import type { Log } from '../../aws/cloudwatch';
import type { ConditionalObjects, ObjectState } from '../../aws/conditional-objects';
import type { Kms } from '../../aws/kms';
import { type ListingAuthority, METRICS, REVOCATION_LISTS_KEY, revocationListKey } from '../../mesh/contract';
import { authorityId } from '../../mesh/names';
import { encodePem, readCertificates } from '../../pki/pem';
import { signRevocationList } from '../../pki/revocation-list';
import type { AuditOptions } from '../../registry/audit';
import type { RegistryKey } from '../../registry/records';
import { type AuthorityStore, StoredAuthorityError } from '../kms-authority/authority-store';
import { kmsSigner } from '../kms-authority/kms-signer';
import type { RevokedCertificates } from './revoked-certificates';

const HOUR_MS = 3_600_000;

/** An index of the registry is up to date in less. Milliseconds. */
const INDEX_DELAY = 5_000;

/** How often a run begins again because another one was faster. */
const ATTEMPTS = 10;

export interface RevocationListsOptions {
  readonly authorities: readonly ListingAuthority[];
  readonly bucket: string;
  /** Hours from a list to the time when the next one is published at the latest. */
  readonly validityHours: number;
  readonly revoked: Pick<RevokedCertificates, 'of'>;
  readonly authorityStore: Pick<AuthorityStore, 'get'>;
  readonly kms: Pick<Kms, 'sign'>;
  readonly objects: Pick<ConditionalObjects, keyof ConditionalObjects>;
  readonly metrics: AuditOptions['metrics'];
  readonly now: () => Date;
  readonly log: Log;
}

/** A certificate that was revoked just now. */
export interface ReportedRevocation {
  readonly certificate: RegistryKey;
  readonly at: Date;
}

/** Other runs put the lists again and again while this one made its own. */
export class RevocationListsBusyError extends Error {
  override readonly name = 'RevocationListsBusyError';
}

/** What the metadata of a published object says of the lists in it. */
interface Published {
  readonly number: bigint;
  readonly thisUpdate: Date;
}

/**
 * Publishes the revocation lists of authorities with KMS keys: those of all authorities in one PEM object, as servers read them,
 * and each in DER in an object of its own. Runs may overlap: each must have seen the PEM object that it replaces, so the lists
 * of a later number are never those of an earlier look at the registry.
 */
export class RevocationLists {
  constructor(private readonly options: RevocationListsOptions) {}

  /** @param reported without it, the lists are published in any case; with it, unless they were made after it */
  async publish(reported: ReportedRevocation | undefined, signal: AbortSignal): Promise<void> {
    const { bucket, objects, metrics, log } = this.options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const seen = await objects.state(bucket, REVOCATION_LISTS_KEY, signal);
      const before = seen && publishedIn(seen);
      if (before && reported && before.thisUpdate.getTime() > reported.at.getTime() + INDEX_DELAY) return;

      const lists = await this.make(before, reported, signal);
      signal.throwIfAborted();
      const content = Buffer.from(lists.pem);
      const object = { bucket, key: REVOCATION_LISTS_KEY, content, contentType: 'application/x-pem-file' };
      if (!(await objects.put({ ...object, metadata: metadataOf(lists) }, seen, signal))) continue;
      for (const [key, list] of lists.der) await this.putLatest(key, list, lists, signal);
      await metrics.put(METRICS.revocationListsPublished, 1, signal);
      log({ event: 'revocation-lists-published', number: String(lists.number), revoked: lists.revoked });
      return;
    }
    throw new RevocationListsBusyError('other runs published the revocation lists while this one made its own');
  }

  private async make(before: Published | undefined, reported: ReportedRevocation | undefined, signal: AbortSignal) {
    const { authorities, authorityStore, kms, revoked, validityHours, now } = this.options;
    const thisUpdate = now();
    const nextUpdate = new Date(thisUpdate.getTime() + validityHours * HOUR_MS);
    // Seconds since 1970 keep the numbers rising if the object is lost.
    const number = max((before?.number ?? 0n) + 1n, BigInt(Math.floor(thisUpdate.getTime() / 1_000)));
    const der: [string, Buffer][] = [];
    const pem: string[] = [];
    let count = 0;
    for (const { certificateAuthorityArn: arn, signingAlgorithm } of authorities) {
      const { certificateChain, revocationLists } = await authorityStore.get(arn, signal);
      const [issuer] = readCertificates(certificateChain);
      if (issuer === undefined) throw new StoredAuthorityError(`${arn} has no certificate`);
      // An entry is listed once more after its certificate has expired: RFC 5280, section 3.3.
      const since = before?.thisUpdate ?? thisUpdate;
      const entries = await revoked.of(arn, since, reported ? [reported.certificate] : [], signal);
      const signer = kmsSigner(kms, arn, signingAlgorithm, issuer);
      const list = await signRevocationList({ issuer, number, thisUpdate, nextUpdate, entries }, signer, signal);
      der.push([revocationListKey(authorityId(arn)), list]);
      // Servers look for a list of every authority in a chain.
      pem.push(encodePem('X509 CRL', list), revocationLists);
      count += entries.length;
    }
    return { number, thisUpdate, der, pem: [...new Set(pem)].join(''), revoked: count };
  }

  /** Puts a list unless a run after this one has put its own. */
  private async putLatest(key: string, list: Buffer, published: Published, signal: AbortSignal): Promise<void> {
    const { bucket, objects } = this.options;
    for (;;) {
      const seen = await objects.state(bucket, key, signal);
      if (seen && publishedIn(seen).number >= published.number) return;
      const object = { bucket, key, content: Buffer.from(list), contentType: 'application/pkix-crl' };
      if (await objects.put({ ...object, metadata: metadataOf(published) }, seen, signal)) return;
    }
  }
}

function metadataOf({ number, thisUpdate }: Published): Record<string, string> {
  return { number: String(number), 'this-update': thisUpdate.toISOString() };
}

/** Of an object that somebody else has put, it is as if there were no list before. */
function publishedIn({ metadata }: ObjectState): Published {
  const { number = '', 'this-update': thisUpdate = '' } = metadata;
  const isWritten = /^\d{1,39}$/.test(number) && !Number.isNaN(Date.parse(thisUpdate));
  return isWritten
    ? { number: BigInt(number), thisUpdate: new Date(thisUpdate) }
    : { number: 0n, thisUpdate: new Date(0) };
}

function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
