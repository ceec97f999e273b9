/** When a request is sent again: over another connection, or with another certificate. */
import type { IncomingMessage } from 'node:http';
import { TlsRequestError } from './errors';
import type { OutgoingRequest } from './outgoing-request';

/** The result of sending a request once. */
export type Outcome = IncomingMessage | TlsRequestError;

/** Methods of requests that may be repeated even if the server has processed them (RFC 9110, section 9.2.2). */
const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];

/** The gateway answers 403 when it refuses the client, for example because its certificate is revoked. */
const FORBIDDEN = 403;

/** The server has closed a kept connection in the meantime, which says nothing about the certificate. */
export function isStaleConnection(outcome: Outcome): boolean {
  return outcome instanceof TlsRequestError && outcome.reusedConnection && !outcome.certificateRefused;
}

/** Whether another certificate may help. */
export function isRefusal(outcome: Outcome): boolean {
  return outcome instanceof TlsRequestError
    ? outcome.certificateRefused || outcome.connectionReset
    : outcome.statusCode === FORBIDDEN;
}

/** Whether sending the request again has no effect that sending it once would not have had. */
export function mayResend({ method, body }: OutgoingRequest, outcome: Outcome): boolean {
  if (!Buffer.isBuffer(body)) return false;
  if (!(outcome instanceof TlsRequestError) || outcome.certificateRefused) return true;
  return outcome.connectionReset && IDEMPOTENT.includes(method);
}
