/**
 * Why the authorizer denies a request. The caller gets 403 in any case; the reason is in the authorizer's log and in the
 * metric `RequestsDenied`.
 */
export enum DenialReason {
  /** A server may read the path as another one, or the request brings identity headers. */
  AMBIGUOUS_REQUEST = 'AMBIGUOUS_REQUEST',

  /** The registry doesn't contain the certificate. */
  CERTIFICATE_UNKNOWN = 'CERTIFICATE_UNKNOWN',

  /** An operator has disabled the client. */
  CLIENT_DISABLED = 'CLIENT_DISABLED',

  /** The registry doesn't contain the client. */
  CLIENT_UNKNOWN = 'CLIENT_UNKNOWN',

  /** The authorizer met an error that it doesn't expect, which the log contains. */
  ERROR = 'ERROR',

  /** The certificate has expired. */
  EXPIRED = 'EXPIRED',

  /** A certificate of another authority identifies several clients. */
  IDENTITY_AMBIGUOUS = 'IDENTITY_AMBIGUOUS',

  /** The certificate identifies no client. */
  IDENTITY_UNKNOWN = 'IDENTITY_UNKNOWN',

  /** The request uses a method that returns the request to the caller, such as `TRACE`. */
  METHOD_NOT_ALLOWED = 'METHOD_NOT_ALLOWED',

  /** The certificate can't be read, or isn't for clients. */
  NOT_A_CLIENT_CERTIFICATE = 'NOT_A_CLIENT_CERTIFICATE',

  /** No grant lets the client call the method and path. */
  NOT_GRANTED = 'NOT_GRANTED',

  /** The certificate isn't valid yet. */
  NOT_YET_VALID = 'NOT_YET_VALID',

  /** The request has no client certificate. */
  NO_CLIENT_CERTIFICATE = 'NO_CLIENT_CERTIFICATE',

  /** The certificate was replaced, and the overlap has ended. */
  REPLACED = 'REPLACED',

  /** The certificate is revoked. */
  REVOKED = 'REVOKED',

  /** The key or a signature of a certificate of another authority is weak. */
  WEAK_CERTIFICATE = 'WEAK_CERTIFICATE',
}
