import { AwsError } from './api';

/** The tokens of a request: as many as a rate of one adds in a second, so numbers stay whole. */
const COST = 1000;

/**
 * The number of requests per second in an account and Region, for one operation or several together. AWS documents the
 * rate but not the burst. This token bucket holds the tokens of one second.
 */
export class RequestQuota {
  private level: number;
  private since: number;

  constructor(
    private readonly perSecond: number,
    private readonly now: () => Date,
    private readonly message = 'Rate exceeded',
  ) {
    this.level = perSecond * COST;
    this.since = now().getTime();
  }

  /**
   * Counts a request. A throttled request takes no token.
   * @throws AwsError `ThrottlingException`
   */
  take(): void {
    const now = this.now().getTime();
    this.level = Math.min(this.perSecond * COST, this.level + (now - this.since) * this.perSecond);
    this.since = now;
    if (this.level < COST) throw new AwsError('ThrottlingException', this.message);
    this.level -= COST;
  }
}

/** By operation. Operations can share a quota. Operations without a quota aren't limited. */
export type RequestQuotas = Readonly<Record<string, RequestQuota>>;
