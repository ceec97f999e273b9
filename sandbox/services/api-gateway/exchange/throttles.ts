import type { Clock } from '../../../clock';
import type { Stage } from '../state';
import { GatewayRefusal } from './refusal';

interface Bucket {
  tokens: number;
  /** Milliseconds. */
  filledAt: number;
}

/**
 * Counts requests by the token bucket algorithm, for each route of a stage: the settings are default settings of routes.
 * AWS applies throttles on a best-effort basis. The sandbox applies them exactly.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
 */
export class Throttles {
  /** By stage, then by route key. A changed stage is another object, so its buckets are full again. */
  private readonly buckets = new WeakMap<Stage, Map<string, Bucket>>();

  constructor(private readonly clock: Clock) {}

  /** @throws GatewayRefusal 429 if the route has no token left */
  take(stage: Stage, routeKey: string): void {
    if (!stage.throttle) return;
    const { rateLimit, burstLimit } = stage.throttle;
    const now = this.clock.now().getTime();
    const ofStage = this.buckets.get(stage) ?? new Map<string, Bucket>();
    this.buckets.set(stage, ofStage);
    const bucket = ofStage.get(routeKey) ?? { tokens: burstLimit, filledAt: now };
    ofStage.set(routeKey, bucket);
    const seconds = Math.max(0, now - bucket.filledAt) / 1000;
    bucket.tokens = Math.min(burstLimit, bucket.tokens + seconds * rateLimit);
    bucket.filledAt = now;
    if (bucket.tokens < 1) throw new GatewayRefusal(429);
    bucket.tokens -= 1;
  }
}
