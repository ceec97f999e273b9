/** Secrets Manager did not give the secret, or the secret has no text. The cause is Secrets Manager's error. */
export class SecretUnavailableError extends Error {
  override readonly name = 'SecretUnavailableError';
}

export interface TlsFailure {
  /** Node's or OpenSSL's code, such as `ECONNREFUSED` or `ERR_SSL_TLSV1_ALERT_UNKNOWN_CA`. */
  readonly code: string | undefined;
  /** Whether the connection had served an earlier request. */
  readonly reusedConnection: boolean;
}

/**
 * Alerts by which a server refuses a certificate, or the lack of one (RFC 8446, section 6.2), at the end of OpenSSL's
 * codes; what stands before `ALERT` differs between TLS and OpenSSL versions.
 */
const REFUSAL =
  /ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE|DECRYPT_ERROR)$/;
const RESET: readonly string[] = ['ECONNRESET', 'EPIPE'];

/** A request ended without a response. The cause is the error of Node's `https`. */
export class TlsRequestError extends Error implements TlsFailure {
  override readonly name = 'TlsRequestError';
  readonly code: string | undefined;
  readonly reusedConnection: boolean;

  constructor(message: string, { cause, code, reusedConnection }: TlsFailure & { readonly cause: unknown }) {
    super(message, { cause });
    this.code = code;
    this.reusedConnection = reusedConnection;
  }

  /** Whether the server said in the handshake that it does not accept the certificate: it never saw the request. */
  get certificateRefused(): boolean {
    return this.code !== undefined && REFUSAL.test(this.code);
  }

  /** Whether the server hung up without a word. Some refuse a certificate in this way; it may have seen the request. */
  get connectionReset(): boolean {
    return this.code !== undefined && RESET.includes(this.code);
  }
}
