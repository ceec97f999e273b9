import { Token } from 'aws-cdk-lib';
import type { ThrottleSettings } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IConstruct } from 'constructs';
import { refuse } from './private/validation';

const DEFAULT_RATE_LIMIT = 500;
const DEFAULT_BURST_LIMIT = 250;

/** Options of how many requests a gateway takes. */
export interface ThrottleOptions {
  /**
   * How many requests the gateway takes for each route: `rateLimit` requests a second, and `burstLimit` at once. It answers
   * more with 429, which clients may retry. A service has two routes, `/<service name>` and everything below it. All clients
   * share the limit.
   *
   * The limit protects the concurrent executions that all Lambda functions of the account share in a Region. Requests a
   * second, times the seconds that the functions of a request take, is the number of concurrent executions. With the default,
   * a service of half a second, its authorizer included, takes at most 500 × 0.5 = 250 executions, and a burst takes 250. That
   * is a quarter of Lambda's default of 1,000. New accounts have 10: request an increase, or set a lower limit. Add up the
   * services that clients call at the same time.
   *
   * API Gateway itself limits an account in a Region to 10,000 requests a second and 5,000 at once, or 2,500 and 1,250 in
   * smaller Regions. A higher value here has no effect. 0 refuses every request. API Gateway applies throttles on a
   * best-effort basis.
   *
   * @default - rateLimit: 500, burstLimit: 250; the same for a value that you omit
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
   * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
   */
  readonly throttle?: ThrottleSettings;
}

/**
 * The throttle of a stage, always with both limits: without one, its value would depend on the tool that deploys.
 * https://github.com/terraform-aws-modules/terraform-aws-apigateway-v2/issues/59
 */
export function stageThrottle(scope: IConstruct, { throttle = {} }: ThrottleOptions): ThrottleSettings {
  const { rateLimit = DEFAULT_RATE_LIMIT, burstLimit = DEFAULT_BURST_LIMIT } = throttle;
  if (!Token.isUnresolved(rateLimit) && !(rateLimit >= 0 && Number.isFinite(rateLimit))) {
    refuse(scope, 'throttle.rateLimit', 'must be a number of 0 or more', String(rateLimit));
  }
  if (!Token.isUnresolved(burstLimit) && !(burstLimit >= 0 && Number.isInteger(burstLimit))) {
    refuse(scope, 'throttle.burstLimit', 'must be a whole number of 0 or more', String(burstLimit));
  }
  return { rateLimit, burstLimit };
}
