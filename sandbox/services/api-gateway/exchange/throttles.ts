import type { Clock } from '../../../clock';
import type { Throttle } from '../state';
import { GatewayRefusal } from './refusal';

interface Bucket {
  tokens: number;
  /** Milliseconds. */
  filledAt: number;
}

/**
 * Counts requests by the token bucket algorithm, for each route or method of a stage: the settings are default settings
 * of each. AWS applies throttles on a best-effort basis. The sandbox applies them exactly.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
 */
export class Throttles {
  /** By stage, then by route or method. A changed stage is another object, so its buckets are full again. */
  private readonly buckets = new WeakMap<object, Map<string, Bucket>>();

  constructor(private readonly clock: Clock) {}

  /** @throws GatewayRefusal 429 if the route or method has no token left */
  take(stage: object, key: string, throttle: Throttle | undefined): void {
    if (!throttle) return;
    const { rateLimit, burstLimit } = throttle;
    const now = this.clock.now().getTime();
    const ofStage = this.buckets.get(stage) ?? new Map<string, Bucket>();
    this.buckets.set(stage, ofStage);
    const bucket = ofStage.get(key) ?? { tokens: burstLimit, filledAt: now };
    ofStage.set(key, bucket);
    const seconds = Math.max(0, now - bucket.filledAt) / 1000;
    bucket.tokens = Math.min(burstLimit, bucket.tokens + seconds * rateLimit);
    bucket.filledAt = now;
    if (bucket.tokens < 1) throw new GatewayRefusal(429);
    bucket.tokens -= 1;
  }
}
