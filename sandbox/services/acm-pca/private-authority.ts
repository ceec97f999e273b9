import type { KeyObject, X509Certificate } from 'node:crypto';
import { AwsError } from '../../endpoint/api';
import type { KeyAlgorithm, SigningAlgorithm } from '../../x509/algorithms';
import { isIssuedBy, isValidAt, notAfterOf, pathLengthOf } from '../../x509/certificate';
import type { DistinguishedName } from '../../x509/names';
import { PemError, readCertificates } from '../../x509/pem';
import type { Tag } from '../shared/tags';
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

interface InstalledCertificate {
  readonly certificate: X509Certificate;
  readonly pem: string;
  /** PEM of the authorities above. Absent for a root. */
  readonly chainPem?: string | undefined;
  /** How many authorities may be below this one. Absent without a limit. */
  readonly pathLength?: number | undefined;
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
   * Installs the authority's certificate. https://docs.aws.amazon.com/privateca/latest/APIReference/API_ImportCertificateAuthorityCertificate.html
   * @throws AwsError `MalformedCertificateException`, `CertificateMismatchException`, `InvalidStateException`
   */
  import(certificatePem: string, chainPem?: string): void {
    this.assertStatus('PENDING_CERTIFICATE', 'ACTIVE', 'DISABLED', 'EXPIRED');
    const [certificate, ...others] = readPem(certificatePem);
    if (certificate === undefined || others.length > 0) throw malformed('Certificate must be exactly one certificate');
    if (!certificate.checkPrivateKey(this.key)) throw mismatch("the certificate is not for the authority's key");
    const chain = chainPem === undefined || chainPem === '' ? [] : readPem(chainPem);
    this.assertPlace(certificate, chain);
    this.installedCertificate = {
      certificate,
      pem: certificatePem.trim(),
      chainPem: chain.length === 0 ? undefined : chainPem?.trim(),
      pathLength: pathLengthOf(certificate),
    };
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

  /** A root must be self-signed. A subordinate must be signed by the first authority of a chain that ends in a root. */
  private assertPlace(certificate: X509Certificate, chain: readonly X509Certificate[]): void {
    const isRoot = this.configuration.type === 'ROOT';
    if (isRoot && chain.length > 0) throw malformed('CertificateChain must be left out for a root');
    if (!isRoot && chain.length === 0) throw malformed('CertificateChain must be given for a subordinate');
    const problem = chainProblem(certificate, isRoot ? [certificate] : chain, this.surroundings.clock.now());
    if (problem !== undefined) throw mismatch(problem);
    if (!certificate.ca) throw malformed('the certificate is not a certificate of an authority');
  }
}

/** @param authorities the issuing authority first, the root last */
function chainProblem(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  at: Date,
): string | undefined {
  if (![certificate, ...authorities].every((one) => isValidAt(one, at)))
    return 'a certificate of the chain is not valid';
  if (!authorities.every(({ ca }) => ca)) return 'the chain contains a certificate that is not an authority';
  const signers = [...authorities, ...authorities.slice(-1)];
  const isComplete = [certificate, ...authorities].every((one, place) => {
    const signer = signers[place];
    return signer !== undefined && isIssuedBy(one, signer);
  });
  return isComplete ? undefined : 'the certificates do not form a chain that ends in a root';
}

function readPem(pem: string): readonly X509Certificate[] {
  try {
    return readCertificates(pem);
  } catch (error) {
    if (error instanceof PemError) throw malformed(error.message);
    throw error;
  }
}

function malformed(reason: string): AwsError {
  return new AwsError('MalformedCertificateException', reason);
}

function mismatch(reason: string): AwsError {
  return new AwsError('CertificateMismatchException', reason);
}
