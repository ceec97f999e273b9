import { defaultProvider } from './environment-credentials';

/**
 * How the functions' clients call. A deployment creates all clients of a mesh at once, while IssueCertificate is
 * limited to 25 a second in an account: so more attempts than the SDK's 3, with its jittered backoff of up to 20 s.
 * A call that is never answered must fail while there is time to try it again.
 */
export const CLIENT_SETTINGS = {
  credentials: defaultProvider(),
  retryMode: 'standard',
  maxAttempts: 8,
  requestHandler: { connectionTimeout: 3_000, socketTimeout: 10_000 },
} as const;
