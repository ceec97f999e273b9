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
