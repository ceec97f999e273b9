import type { CallerIdentity } from '../../mesh/contract';
import type { HeldGrant } from '../../registry/admission';
import { CALLER_CAPACITY, CallerMap } from './bounded-map';

/** How long the authorizer goes by what it has read. Milliseconds. */
interface MemoryTimes {
  /** A caller is looked up again after this time. */
  readonly revocationDelay: number;
  /** The time after `revocationDelay` for which an accepted caller stays accepted while the registry can't be read. */
  readonly outageTolerance: number;
}

export interface RegistryMemoryOptions {
  readonly times: MemoryTimes;
  readonly now: () => Date;
  /** Receives the reason of each lookup that failed, and whether the last one accepted the caller, which stays so. */
  readonly onUnavailable: (cause: unknown, isAccepted: boolean) => void;
  /** The number of accepted certificates, and of others, to remember. */
  readonly capacity?: number;
}

/** A caller whose certificate is accepted, and what it may call. */
export interface AcceptedCaller {
  readonly identity: CallerIdentity;
  readonly grants: readonly HeldGrant[];
}

/** How one caller, or something else, is looked up. `T` is what the registry says about it, and `R` what follows. */
export interface Lookup<T, R = AcceptedCaller> {
  /** The fingerprint of the certificate, or another name of what is remembered. */
  readonly certificate: string;
  /** What the data is about: the client, or the certificate while its client is unknown. Data about one may fail alone. */
  readonly subject: string;
  read(): Promise<T>;
  /** @throws DenialError if the caller must be refused at this time */
  decide(facts: T): R;
}

/** The registry can't be read, and the authorizer doesn't know the caller well enough to decide without it. */
export class RegistryUnavailableError extends Error {
  override readonly name = 'RegistryUnavailableError';
}

/** How long a known caller waits for an answer of the registry before that counts as unavailable. Milliseconds. */
const TIME_LIMIT = 1_000;

/** How long after a failure a known caller is not looked up again, so that not every request waits. Milliseconds. */
const RETRY_INTERVAL = 5_000;

interface Remembered<T> {
  /** When the lookup began. Milliseconds since 1970. */
  readonly readAt: number;
  readonly facts: T;
  readonly isAccepted: boolean;
  /** When a later lookup failed. Milliseconds since 1970. */
  readonly failedAt?: number;
}

/** The last failure since a lookup succeeded. */
interface Outage {
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly failedAt: number;
  /** Whether lookups of several subjects have failed since one succeeded. */
  readonly isGeneral: boolean;
}

/**
 * Remembers what the registry says about callers. Requests of a busy client don't wait for the registry, and accepted
 * callers get through a short outage, in which one request in five seconds waits for at most a second. It waits because
 * Lambda stops a function between requests, so that a lookup in the background would not end.
 *
 * Data of one client may be out of reach while the others can be read. Such failures delay only the lookups of that client.
 */
export class RegistryMemory<T, R = AcceptedCaller> {
  private readonly remembered: CallerMap<Remembered<T>>;
  private readonly pending = new Map<string, { readonly startedAt: number; readonly facts: Promise<T> }>();
  /** Undefined after a lookup that succeeded. */
  private outage: Outage | undefined;

  constructor(private readonly options: RegistryMemoryOptions) {
    this.remembered = new CallerMap(options.capacity ?? CALLER_CAPACITY);
  }

  /**
   * @param longestAge how long ago the registry may have been read. Milliseconds.
   * @throws DenialError, or RegistryUnavailableError if the registry can't be read
   */
  async identify(lookup: Lookup<T, R>, longestAge = this.options.times.revocationDelay): Promise<R> {
    const known = this.remembered.get(lookup.certificate);
    if (known !== undefined && this.isWithin(longestAge, known.readAt)) return lookup.decide(known.facts);

    const settled = this.settled(lookup);
    if (settled && this.hasJustFailed(settled)) return lookup.decide(settled.facts);
    let facts: T;
    try {
      facts = await (settled ? withTimeLimit(this.read(lookup, longestAge)) : this.read(lookup, longestAge));
    } catch (cause) {
      return this.identifyWithoutRegistry(lookup, cause);
    }
    return lookup.decide(facts);
  }

  /** By what is known now, after the lookup has failed. */
  private identifyWithoutRegistry(lookup: Lookup<T, R>, cause: unknown): R {
    const settled = this.settled(lookup);
    const isAccepted = settled?.isAccepted === true;
    this.options.onUnavailable(cause, isAccepted);
    if (settled) {
      this.rememberFailure(lookup, settled);
      return lookup.decide(settled.facts);
    }
    throw new RegistryUnavailableError('the registry cannot be read, so the caller cannot be identified', { cause });
  }

  private rememberFailure({ certificate, subject }: Lookup<T, R>, settled: Remembered<T>): void {
    const failedAt = this.options.now().getTime();
    this.remembered.set(certificate, { ...settled, failedAt }, settled.isAccepted);
    // Only failures of accepted callers count for others, so that a stranger can't keep those from being looked up.
    if (!settled.isAccepted) return;
    const { outage } = this;
    const isGeneral = outage !== undefined && (outage.isGeneral || outage.subject !== subject);
    this.outage = { subject, failedAt, isGeneral };
  }

  /** Whether a lookup of the caller has just failed, or lookups of several others without one that succeeded. */
  private hasJustFailed({ failedAt }: Remembered<T>): boolean {
    const failures = [failedAt, this.outage?.isGeneral ? this.outage.failedAt : undefined];
    return failures.some((failure) => failure !== undefined && this.isWithin(RETRY_INTERVAL, failure));
  }

  /** What is known of a caller and counts without the registry: it was accepted not too long ago, or refused. */
  private settled(lookup: Lookup<T, R>): Remembered<T> | undefined {
    const { revocationDelay, outageTolerance } = this.options.times;
    const known = this.remembered.get(lookup.certificate);
    if (known === undefined) return undefined;
    // A refusal that no longer holds, such as that of a certificate that was not valid yet, is no acceptance.
    const counts = known.isAccepted
      ? this.isWithin(revocationDelay + outageTolerance, known.readAt)
      : !accepts(lookup, known.facts);
    return counts ? known : undefined;
  }

  /** Requests at the same time share one read, as long as its result would also be remembered. */
  private read(lookup: Lookup<T, R>, longestAge: number): Promise<T> {
    const { certificate } = lookup;
    const shared = this.pending.get(certificate);
    if (shared && this.isWithin(longestAge, shared.startedAt)) return shared.facts;

    const startedAt = this.options.now().getTime();
    const reading = { startedAt, facts: this.readAndRemember(lookup, startedAt) };
    this.pending.set(certificate, reading);
    const end = () => {
      if (this.pending.get(certificate) === reading) this.pending.delete(certificate);
    };
    reading.facts.then(end, end);
    return reading.facts;
  }

  private async readAndRemember(lookup: Lookup<T, R>, readAt: number): Promise<T> {
    const facts = await lookup.read();
    this.outage = undefined;
    const known = this.remembered.get(lookup.certificate);
    if (known === undefined || known.readAt <= readAt || known.readAt > this.options.now().getTime()) {
      const isAccepted = accepts(lookup, facts);
      this.remembered.set(lookup.certificate, { readAt, facts, isAccepted }, isAccepted);
    }
    return facts;
  }

  /** False for a time in the future: if the clock is set back, nothing lasts longer. */
  private isWithin(duration: number, since: number): boolean {
    const age = this.options.now().getTime() - since;
    return age >= 0 && age < duration;
  }
}

function accepts<T>(lookup: Lookup<T, unknown>, facts: T): boolean {
  try {
    lookup.decide(facts);
    return true;
  } catch {
    return false;
  }
}

/** @throws Error after `TIME_LIMIT`. The work goes on. */
async function withTimeLimit<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the registry gave no answer within ${TIME_LIMIT} ms`)), TIME_LIMIT);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
