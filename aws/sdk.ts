import { defaultProvider } from './environment-credentials';
import { sdkRetryStrategy } from './retry';

/**
 * Settings of the SDK clients in functions. A deployment creates all clients of a mesh at once, and rotations may coincide,
 * while the quota of IssueCertificate is 25 calls a second for an account. So a call is attempted until the function's
 * deadline. Each attempt sends the same request with the same idempotency token.
 */
export const FUNCTION_SDK_SETTINGS = {
  credentials: defaultProvider(),
  retryStrategy: sdkRetryStrategy({ backoff: { first: 100, throttled: 1_000, longest: 20_000 } }),
  // A call without an answer must fail in time for another attempt.
  requestHandler: { connectionTimeout: 3_000, socketTimeout: 10_000 },
} as const;
