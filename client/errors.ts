/** Secrets Manager did not return the secret, or the secret has no text. The cause is Secrets Manager's error. */
export class SecretUnavailableError extends Error {
  override readonly name = 'SecretUnavailableError';
}

/** Alerts with which a server refuses a certificate, or its absence: RFC 8446, section 6.2. */
const REFUSALS: Readonly<Record<string, string>> = {
  40: 'handshake_failure',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  48: 'unknown_ca',
  49: 'access_denied',
  51: 'decrypt_error',
  116: 'certificate_required',
};
const RESET: readonly unknown[] = ['ECONNRESET', 'EPIPE'];

/** A request got no response. The cause is the error of Node's `https`. */
export class TlsRequestError extends Error {
  override readonly name = 'TlsRequestError';
  /** Node's or OpenSSL's code, such as `ECONNREFUSED` or `DEPTH_ZERO_SELF_SIGNED_CERT`. */
  readonly code: string | undefined;
  /** Whether the server refused the certificate in the handshake. It has not seen the request. */
  readonly certificateRefused: boolean;
  /** Whether the server closed the connection without an alert, which may be a refusal. It may have seen the request. */
  readonly connectionReset: boolean;
  /** Whether the connection has served an earlier request. */
  readonly reusedConnection: boolean;

  constructor(host: string, cause: NodeJS.ErrnoException, reusedConnection: boolean) {
    // OpenSSL's codes differ between versions, but its text always ends with the alert's number.
    const refusal = REFUSALS[/SSL alert number (\d+)/.exec(cause.message)?.[1] ?? ''];
    super(refusal ? `${host} refused the certificate: ${refusal}` : `no response from ${host}: ${cause.message}`, {
      cause,
    });
    this.code = cause.code;
    this.certificateRefused = refusal !== undefined;
    this.connectionReset = RESET.includes(cause.code);
    this.reusedConnection = reusedConnection;
  }
}

/** An event for a Lambda function does not say which client has sent the request. */
export class UnknownCallerError extends Error {
  override readonly name = 'UnknownCallerError';
}
