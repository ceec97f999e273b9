import type { KeyObject } from 'node:crypto';
import { AwsError } from '../../endpoint/api';
import type { KeyAlgorithm, SigningAlgorithm } from '../../x509/algorithms';
import { notAfterOf } from '../../x509/certificate';
import type { DistinguishedName } from '../../x509/names';
import type { Tag } from '../shared/tags';
import { type InstalledCertificate, importCertificate } from './imported-certificate';
import type { CertificateRecord } from './issuance/certificate-record';
import { type RevocationListSurroundings, RevocationLists } from './revocation/revocation-lists';

export type Status = 'PENDING_CERTIFICATE' | 'ACTIVE' | 'DISABLED' | 'EXPIRED' | 'DELETED';

/** The immutable configuration of an authority. */
export interface AuthorityConfiguration {
  readonly arn: string;
  readonly type: 'ROOT' | 'SUBORDINATE';
  readonly usageMode: 'GENERAL_PURPOSE' | 'SHORT_LIVED_CERTIFICATE';
  readonly keyAlgorithm: KeyAlgorithm;
  readonly signingAlgorithm: SigningAlgorithm;
  readonly subject: DistinguishedName;
  /** The subject in the form of `ASN1Subject`. */
  readonly givenSubject: object;
  readonly keyStorageSecurityStandard: string;
  readonly createdAt: Date;
}

/**
 * A private certificate authority. Its key never leaves the process.
 * https://docs.aws.amazon.com/privateca/latest/userguide/PcaUpdateStatus.html
 */
export class PrivateAuthority {
  private storedStatus: Exclude<Status, 'EXPIRED'> = 'PENDING_CERTIFICATE';
  private installedCertificate?: InstalledCertificate;
  lastStateChangeAt: Date;
  /** When a deleted authority can no longer be restored. */
  restorableUntil?: Date;
  tags: readonly Tag[] = [];
  /** By serial number in upper-case hexadecimal. */
  readonly issued = new Map<string, CertificateRecord>();
  /** Previous answers to IssueCertificate by idempotency token. */
  readonly answeredTokens = new Map<string, { readonly at: Date; readonly certificateArn: string }>();
  /** Actions by principal, from AWS::ACMPCA::Permission. */
  readonly permissions = new Map<string, readonly string[]>();
  readonly revocationLists: RevocationLists;

  constructor(
    readonly configuration: AuthorityConfiguration,
    readonly key: KeyObject,
    readonly certificateSigningRequest: string,
    private readonly surroundings: RevocationListSurroundings,
  ) {
    this.revocationLists = new RevocationLists(this, surroundings);
    this.lastStateChangeAt = configuration.createdAt;
  }

  get status(): Status {
    const isExpired =
      this.installedCertificate && notAfterOf(this.installedCertificate.certificate) < this.surroundings.clock.now();
    return this.storedStatus === 'ACTIVE' && isExpired ? 'EXPIRED' : this.storedStatus;
  }

  /** The authority's own certificate. Absent until one is imported. */
  get installed(): InstalledCertificate | undefined {
    return this.installedCertificate;
  }

  /** @throws AwsError `InvalidStateException` unless the status is one of `statuses` */
  assertStatus(...statuses: readonly Status[]): void {
    if (statuses.includes(this.status)) return;
    const reason = `The certificate authority is in the state ${this.status}, it must be ${statuses.join(' or ')}: ${this.configuration.arn}`;
    throw new AwsError('InvalidStateException', reason);
  }

  /**
   * Installs the authority's certificate.
   * @throws AwsError `MalformedCertificateException`, `CertificateMismatchException`, `InvalidStateException`
   */
  import(certificatePem: string, chainPem?: string): void {
    this.assertStatus('PENDING_CERTIFICATE', 'ACTIVE', 'DISABLED', 'EXPIRED');
    const { key, configuration, surroundings } = this;
    const options = { key, type: configuration.type, at: surroundings.clock.now() };
    this.installedCertificate = importCertificate(certificatePem, chainPem, options);
    this.change('ACTIVE');
  }

  setStatus(status: 'ACTIVE' | 'DISABLED'): void {
    this.assertStatus('ACTIVE', 'DISABLED', 'EXPIRED');
    this.change(status);
  }

  /** @throws AwsError `InvalidStateException` for an authority that isn't disabled */
  delete(restorableUntil: Date): void {
    this.assertStatus('PENDING_CERTIFICATE', 'DISABLED', 'EXPIRED');
    this.restorableUntil = restorableUntil;
    this.change('DELETED');
  }

  private change(status: Exclude<Status, 'EXPIRED'>): void {
    this.storedStatus = status;
    this.lastStateChangeAt = this.surroundings.clock.now();
  }
}
