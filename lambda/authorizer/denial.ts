import type { DenialReason } from '../../mesh/contract';
import type { Refusal } from '../../registry/status';

/** The certificate of the denied request, as far as it is known. */
export interface DeniedCertificate {
  readonly subject?: string;
  readonly serialNumber?: string;
}

/** A request is denied. Only the log has the reason. */
export class DenialError extends Error {
  override readonly name = 'DenialError';

  constructor(
    readonly code: DenialReason,
    message: string,
    readonly certificate: DeniedCertificate = {},
  ) {
    super(message);
  }
}

const REFUSALS: Readonly<Record<Refusal, string>> = {
  CLIENT_UNKNOWN: 'the client is not in the registry',
  CLIENT_DISABLED: 'the client is disabled',
  CERTIFICATE_UNKNOWN: 'the certificate is not in the registry',
  NOT_YET_VALID: 'the certificate is not valid yet',
  EXPIRED: 'the certificate has expired',
  REVOKED: 'the certificate is revoked',
  REPLACED: 'the certificate was replaced and the overlap has ended',
};

/** The denial of a client for a reason from the registry's records. */
export function refusalError(refusal: Refusal, clientName: string, certificate: DeniedCertificate): DenialError {
  return new DenialError(refusal, `client ${clientName} is refused: ${REFUSALS[refusal]}`, certificate);
}
