import type { Log } from '../../aws/cloudwatch';
import { CertificateValueError, encodeSerialNumber } from '../../pki/certificate-values';
import type { RevocationListEntry } from '../../pki/revocation-list';
import type { RegistryKey } from '../../registry/records';
import { type RevocableCertificate, revocableIn } from '../../registry/stored-records';
import type { RegistrySurvey } from '../../registry/survey';

export interface RevokedCertificatesOptions {
  readonly survey: Pick<RegistrySurvey, 'certificatesOfAuthority' | 'find'>;
  readonly log: Log;
}

/** The revoked certificates in the registry. */
export class RevokedCertificates {
  constructor(private readonly options: RevokedCertificatesOptions) {}

  /**
   * The certificates of an authority that were revoked and expire at `since` or later, in the order of their serial numbers.
   * @param reported certificates to look at as well, because the index may not know yet that they are revoked
   */
  async of(
    certificateAuthorityArn: string,
    since: Date,
    reported: readonly RegistryKey[],
    signal: AbortSignal,
  ): Promise<readonly RevocationListEntry[]> {
    const { survey } = this.options;
    const keys = new Map(reported.map((key) => [JSON.stringify(key), key]));
    for await (const { status, key } of survey.certificatesOfAuthority(certificateAuthorityArn, since, signal)) {
      if (status !== 'ISSUED') keys.set(JSON.stringify(key), key);
    }
    const entries = new Map<string, RevocationListEntry>();
    for await (const record of survey.find([...keys.values()], signal)) {
      const certificate = revocableIn(record);
      if (certificate?.status !== 'REVOKED' || certificate.certificateAuthorityArn !== certificateAuthorityArn)
        continue;
      if (certificate.notAfter !== undefined && Date.parse(certificate.notAfter) < since.getTime()) continue;
      const entry = this.entryOf(certificate);
      if (entry !== undefined) entries.set(entry.serialNumber, entry);
    }
    return [...entries.values()].sort((one, other) => (one.serialNumber < other.serialNumber ? -1 : 1));
  }

  /** Undefined for a malformed item without a serial number, which the mesh refuses by its fingerprint nevertheless. */
  private entryOf(certificate: RevocableCertificate): RevocationListEntry | undefined {
    const { clientName, fingerprint, serialNumber, revokedAt, revocationReason: reason = 'UNSPECIFIED' } = certificate;
    if (serialNumber === undefined || !isSerialNumber(serialNumber)) {
      this.options.log({ event: 'revocation-list-incomplete', client: clientName, fingerprint });
      return undefined;
    }
    const time = new Date(revokedAt ?? 0);
    return { serialNumber, revokedAt: Number.isNaN(time.getTime()) ? new Date(0) : time, reason };
  }
}

function isSerialNumber(text: string): boolean {
  try {
    encodeSerialNumber(text);
    return true;
  } catch (error) {
    if (error instanceof CertificateValueError) return false;
    throw error;
  }
}
