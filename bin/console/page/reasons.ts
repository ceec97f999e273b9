import type { RefusalCount } from '../state';

/** What each code means. `lib/denial-reason.ts` documents them. */
export const REASONS: Readonly<Record<RefusalCount['code'], string>> = {
  AMBIGUOUS_REQUEST: 'A server may read the path as another one, or the request brings identity headers.',
  CERTIFICATE_UNKNOWN: 'The registry doesn’t contain the certificate.',
  CLIENT_DISABLED: 'An operator has disabled the client.',
  CLIENT_UNKNOWN: 'The registry doesn’t contain the client.',
  ERROR: 'The authorizer met an error that it doesn’t expect. Its log has more.',
  EXPIRED: 'The certificate has expired.',
  IDENTITY_AMBIGUOUS: 'A certificate of another authority identifies several clients.',
  IDENTITY_UNKNOWN: 'The certificate identifies no client.',
  METHOD_NOT_ALLOWED: 'The method returns the request to the caller, such as TRACE.',
  NOT_A_CLIENT_CERTIFICATE: 'The certificate can’t be read, or isn’t for clients.',
  NOT_GRANTED: 'No grant lets the client call the method and path.',
  NOT_YET_VALID: 'The certificate isn’t valid yet.',
  NO_CLIENT_CERTIFICATE: 'The request has no client certificate.',
  REGISTRY_UNAVAILABLE: 'The authorizer could not read the registry. The caller got 500.',
  REPLACED: 'The certificate was replaced, and the overlap has ended.',
  REVOKED: 'The certificate is revoked.',
  WEAK_CERTIFICATE: 'The key or a signature of a certificate of another authority is weak.',
};
