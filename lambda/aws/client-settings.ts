import { defaultProvider } from './environment-credentials';

/**
 * How the functions' clients call. A deployment creates all clients of a mesh at once, while IssueCertificate is
 * limited to 25 a second in an account: so the SDK tries again, with its full jitter of up to 20 s, for as long as the
 * function has time. Each attempt sends the same request, and with it the same idempotency token.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 * A call that is never answered must fail while there is time to try it again.
 */
export const CLIENT_SETTINGS = {
  credentials: defaultProvider(),
  retryMode: 'standard',
  maxAttempts: 25,
  requestHandler: { connectionTimeout: 3_000, socketTimeout: 10_000 },
} as const;
