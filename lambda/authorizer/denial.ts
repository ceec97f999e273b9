import type { Refusal } from '../../registry/status';

/** Why a request is denied, for logs and metrics. Reasons that the registry decides come from `registry/status.ts`. */
export type DenialCode =
  | Refusal
  | 'AMBIGUOUS_REQUEST'
  | 'NO_CLIENT_CERTIFICATE'
  | 'NOT_A_CLIENT_CERTIFICATE'
  | 'IDENTITY_UNKNOWN'
  | 'IDENTITY_AMBIGUOUS';

/** The certificate of the denied request, as far as it is known. */
export interface DeniedCertificate {
  readonly subject?: string;
  readonly serialNumber?: string;
}

/** A request is denied. Only the log shows why. */
export class DenialError extends Error {
  override readonly name = 'DenialError';

  constructor(
    readonly code: DenialCode,
    message: string,
    readonly certificate: DeniedCertificate = {},
  ) {
    super(message);
  }
}

const REFUSALS: Readonly<Record<Refusal, string>> = {
  CLIENT_UNKNOWN: 'the registry does not know the client',
  CLIENT_DISABLED: 'the client is disabled',
  CERTIFICATE_UNKNOWN: 'the registry does not know the certificate',
  NOT_YET_VALID: 'the certificate is not valid yet',
  EXPIRED: 'the certificate has expired',
  REVOKED: 'the certificate is revoked',
  REPLACED: 'the certificate was replaced and the overlap is over',
};

/** The denial of a client for a reason that the registry decides. */
export function refusalError(refusal: Refusal, clientName: string, certificate: DeniedCertificate): DenialError {
  return new DenialError(refusal, `client ${clientName} is refused: ${REFUSALS[refusal]}`, certificate);
}
