import { defaultProvider } from './environment-credentials';
import { sdkRetryStrategy } from './retry';

/**
 * Settings of the SDK clients in functions. A deployment creates all clients of a mesh at once, and rotations may fall
 * together, while IssueCertificate is limited to 25 calls a second in an account: so a call is attempted until the
 * function's time is over. Each attempt sends the same request, and with it the same idempotency token.
 */
export const FUNCTION_SDK_SETTINGS = {
  credentials: defaultProvider(),
  retryStrategy: sdkRetryStrategy({ backoff: { first: 100, throttled: 1_000, longest: 20_000 } }),
  // A call without an answer must fail while there is time for another attempt.
  requestHandler: { connectionTimeout: 3_000, socketTimeout: 10_000 },
} as const;
