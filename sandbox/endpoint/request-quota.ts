import { AwsError } from './api';

/** A request takes as much of a bucket as flows into it in a second at a rate of one; whole numbers stay exact. */
const COST = 1000;

/**
 * How many requests a second an account may make in a Region: of one operation, or of several together. AWS documents
 * the rate and not how much may come at once; this token bucket holds what the rate gives in a second.
 */
export class RequestQuota {
  private level: number;
  private since: number;

  constructor(
    private readonly perSecond: number,
    private readonly now: () => Date,
  ) {
    this.level = perSecond * COST;
    this.since = now().getTime();
  }

  /**
   * Counts a request. One that is refused takes nothing from those after it.
   * @throws AwsError `ThrottlingException`
   */
  take(): void {
    const now = this.now().getTime();
    this.level = Math.min(this.perSecond * COST, this.level + (now - this.since) * this.perSecond);
    this.since = now;
    if (this.level < COST) throw new AwsError('ThrottlingException', 'Rate exceeded');
    this.level -= COST;
  }
}

/** By operation; those that share a quota have the same one, those without are not limited. */
export type RequestQuotas = Readonly<Record<string, RequestQuota>>;
