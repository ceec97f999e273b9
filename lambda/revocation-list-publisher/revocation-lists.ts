import type { Log } from '../../aws/cloudwatch';
import type { ConditionalObjects } from '../../aws/conditional-objects';
import { failureSentence } from '../../aws/failure';
import { type Pause, retry } from '../../aws/retry';
import { METRICS } from '../../mesh/contract';
import { type ListingAuthority, REVOCATION_LISTS_KEY } from '../../mesh/kms-authority';
import { encodePem } from '../../pki/pem';
import { type RevocationList, RevocationListError, readRevocationLists } from '../../pki/revocation-list-reader';
import type { AuditOptions } from '../../registry/audit';
import { type AuthorityList, type AuthorityLists, type ListedAuthority, lastList, madeAt } from './authority-list';
import type { ReportedRevocation } from './reported-revocation';

/** An index of the registry is up to date in less. Milliseconds. */
const INDEX_DELAY = 5_000;

export interface RevocationListsOptions {
  readonly authorities: readonly ListingAuthority[];
  readonly bucket: string;
  readonly lists: Pick<AuthorityLists, 'read' | 'make'>;
  readonly objects: Pick<ConditionalObjects, 'read' | 'replace'>;
  readonly metrics: AuditOptions['metrics'];
  /** How to wait when another run was faster. @default - as `retry` does */
  readonly pause?: Pause;
  readonly now: () => Date;
  readonly log: Log;
}

/** Other runs put the lists again and again while this one made its own. */
export class RevocationListsBusyError extends Error {
  override readonly name = 'RevocationListsBusyError';
}

/** The lists of some authorities could not be made. Those of the others are published. */
export class RevocationListsIncompleteError extends AggregateError {
  override readonly name = 'RevocationListsIncompleteError';

  constructor(failures: readonly unknown[]) {
    super(failures, failures.map(failureSentence).join('; '));
  }
}

/**
 * Publishes the revocation lists of authorities with KMS keys: those of all authorities in one PEM object, as servers read them,
 * and then a copy of each in DER in an object of its own. Runs may overlap: each must have seen the PEM object that it replaces,
 * so the lists of a later number are never those of an earlier look at the registry. A run copies its lists only while its PEM
 * object is the newest.
 */
export class RevocationLists {
  constructor(private readonly options: RevocationListsOptions) {}

  /** @param reported without it, the lists are published in any case; with it, unless they were made after it */
  async publish(reported: ReportedRevocation | undefined, signal: AbortSignal): Promise<void> {
    const busy = new RevocationListsBusyError('other runs published revocation lists while this one made its own');
    const policy = { attempts: 10, backoff: { first: 500, longest: 10_000 }, pause: this.options.pause };
    await retry(
      policy,
      async () =>
        (await this.publishOnce(reported, signal)) ? { value: undefined } : { error: busy, retryable: true },
      signal,
    );
  }

  /** @returns false if another run was faster */
  private async publishOnce(reported: ReportedRevocation | undefined, signal: AbortSignal): Promise<boolean> {
    const { authorities, bucket, lists, objects, metrics, log } = this.options;
    const seen = await objects.read(bucket, REVOCATION_LISTS_KEY, signal);
    const published = seen === undefined ? [] : this.readPublished(seen.text);
    const failures: unknown[] = [];
    const orFail = async <T>(work: Promise<T>): Promise<T | undefined> => {
      try {
        return await work;
      } catch (error) {
        signal.throwIfAborted();
        failures.push(error);
        return undefined;
      }
    };

    const listed: ListedAuthority[] = [];
    for (const authority of authorities) {
      const read = await orFail(lists.read(authority, published, signal));
      if (read) listed.push(read);
    }
    if (reported && failures.length === 0 && listed.every(({ last }) => last && isAfter(last, reported))) {
      // The run that published them may have failed before it copied them.
      return this.copy(
        listed.flatMap((authority) => lastList(authority) ?? []),
        seen?.text,
        signal,
      );
    }

    const number = this.nextNumber(listed);
    const made: AuthorityList[] = [];
    let others = published;
    for (const authority of listed) {
      const list = await orFail(lists.make(authority, number, reported, signal));
      if (list === undefined) continue;
      made.push(list);
      others = others.filter((other) => !other.isOf(authority.certificate));
    }
    signal.throwIfAborted();
    if (made.length > 0) {
      // If a list can't be made, the last one stays.
      const text = textOf(made, failures.length > 0 ? others : []);
      const content = Buffer.from(text);
      const object = { bucket, key: REVOCATION_LISTS_KEY, content, contentType: 'application/x-pem-file' };
      if (!(await objects.replace(object, seen, signal)) || !(await this.copy(made, text, signal))) return false;
    }
    // The alarm rings if no run is complete for some time.
    if (failures.length > 0) throw new RevocationListsIncompleteError(failures);
    await metrics.put(METRICS.revocationListsPublished, 1, signal);
    log({ event: 'revocation-lists-published', number: String(number), authorities: made.length });
    return true;
  }

  /**
   * Copies lists unless another run, which copies its own, has replaced the text that contains them.
   * @returns false if another run was faster
   */
  private async copy(lists: readonly AuthorityList[], text: string | undefined, signal: AbortSignal): Promise<boolean> {
    const { bucket, objects } = this.options;
    for (const { key, der } of lists) {
      const before = await objects.read(bucket, key, signal);
      // Octets that are no text are lost in both, but not the times, and not the others of number and signature.
      if (before?.text === String(der)) continue;
      const newest = await objects.read(bucket, REVOCATION_LISTS_KEY, signal);
      if (newest?.text !== text) return true;
      const copy = { bucket, key, content: der, contentType: 'application/pkix-crl' };
      if (!(await objects.replace(copy, before, signal))) return false;
    }
    return true;
  }

  /** Nothing of what somebody else has put there. */
  private readPublished(pem: string): readonly RevocationList[] {
    try {
      return readRevocationLists(pem);
    } catch (error) {
      if (!(error instanceof RevocationListError)) throw error;
      this.options.log({ event: 'revocation-lists-replaced', reason: error.message });
      return [];
    }
  }

  /** Seconds since 1970 keep the numbers rising if the object is lost. */
  private nextNumber(listed: readonly ListedAuthority[]): bigint {
    const seconds = BigInt(Math.floor(this.options.now().getTime() / 1_000));
    return listed.reduce((next, { last }) => (last && last.number >= next ? last.number + 1n : next), seconds);
  }
}

/** The lists that were made, and others that are not among them. */
function textOf(made: readonly AuthorityList[], others: readonly RevocationList[]): string {
  const text = [...new Set(made.map(({ pem }) => pem))].join('');
  const blocks = others.map(({ raw }) => encodePem('X509 CRL', raw));
  return text + blocks.filter((block) => !text.includes(block)).join('');
}

function isAfter(list: RevocationList, { at }: ReportedRevocation): boolean {
  return madeAt(list).getTime() > at.getTime() + INDEX_DELAY;
}
