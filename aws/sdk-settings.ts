import { defaultProvider } from './environment-credentials';
import { FairRetries } from './fair-retries';

/**
 * How the functions' clients call. A deployment creates all clients of a mesh at once, and rotations may fall together,
 * while IssueCertificate is limited to 25 a second in an account: so a call is tried again for as long as the function
 * has time. Each attempt sends the same request, and with it the same idempotency token.
 * A call that is never answered must fail while there is time to try it again.
 */
export const CLIENT_SETTINGS = {
  credentials: defaultProvider(),
  retryStrategy: new FairRetries(),
  requestHandler: { connectionTimeout: 3_000, socketTimeout: 10_000 },
} as const;
