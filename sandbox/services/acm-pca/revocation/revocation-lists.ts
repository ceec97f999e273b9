import { type KeyObject, randomUUID, type X509Certificate } from 'node:crypto';
import type { Account } from '../../../account';
import type { Appointment, Clock } from '../../../clock';
import { AccessDenied, type AwsCall, AwsError } from '../../../endpoint/api';
import type { SigningAlgorithm } from '../../../x509/algorithms';
import { encodedSubjectOf } from '../../../x509/certificate';
import { type RevokedEntry, signRevocationList } from '../../../x509/revocation-list';
import type { IamService } from '../../iam';
import type { S3Service } from '../../s3';
import type { CertificateRecord, RevocationReason } from '../issuance/certificate-record';
import type { RevocationListConfiguration } from './configuration';

const SERVICE = 'acm-pca.amazonaws.com';

const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;
/** https://docs.aws.amazon.com/privateca/latest/APIReference/API_CrlConfiguration.html */
const AFTER_REVOCATION = 30 * MINUTE;
const AFTER_FAILURE = 15 * MINUTE;
/** AWS doesn't document how many certificates share a partition. */
const PARTITION_SIZE = 100;
/** An authority proves with it that it may write. https://docs.aws.amazon.com/privateca/latest/userguide/crl-planning.html */
const TEST_KEY = 'acm-pca-permission-test-key';

export interface RevocationListSurroundings {
  readonly account: Account;
  readonly clock: Clock;
  readonly iam: Pick<IamService, 'asService'>;
  readonly objects: Pick<S3Service, 'authorize' | 'blocksPublicAccess' | 'putObject'>;
}

/** The authority that signs the lists. */
interface RevocationListIssuer {
  readonly configuration: { readonly arn: string; readonly signingAlgorithm: SigningAlgorithm };
  readonly key: KeyObject;
  /** Absent until it has a certificate. */
  readonly installed: { readonly certificate: X509Certificate } | undefined;
  readonly status: string;
  /** By serial number in hexadecimal. */
  readonly issued: ReadonlyMap<string, CertificateRecord>;
}

/** A revocation list: the one of an authority, or one of its partitions. */
interface RevocationList {
  /** Absent for the complete list. */
  readonly partition?: string | undefined;
  /** How many certificates refer to it. */
  size: number;
  lastUpdate?: Date;
  refresh?: Appointment;
}

/** The certificate revocation lists of an authority, which it writes into a bucket. */
export class RevocationLists {
  private current: RevocationListConfiguration | undefined;
  private readonly lists: RevocationList[] = [];
  private lastNumber = 0;

  constructor(
    private readonly authority: RevocationListIssuer,
    private readonly surroundings: RevocationListSurroundings,
  ) {}

  get configuration(): RevocationListConfiguration | undefined {
    return this.current;
  }

  /**
   * Changes the configuration, or ends the publication. Writes an object into the bucket to see whether it may.
   * @throws AwsError `ValidationException` if the bucket doesn't exist or its policy doesn't allow it
   */
  configure(configuration: RevocationListConfiguration | undefined): void {
    if (configuration !== undefined) this.assertWritable(configuration);
    this.current = configuration;
  }

  /**
   * The list that a new certificate refers to. It is published once the first certificate does.
   * https://docs.aws.amazon.com/privateca/latest/userguide/crl-planning.html#crl-structure
   */
  assign(): { readonly partition?: string | undefined; readonly url?: string | undefined } {
    const { current } = this;
    if (current === undefined) return {};
    const list = this.listFor(current);
    list.size += 1;
    if (list.size === 1) this.surroundings.clock.background(() => this.publish(list));
    return { partition: list.partition, url: current.isInCertificates ? this.urlOf(list, current) : undefined };
  }

  /** Publishes the list of a revoked certificate again, after half an hour. */
  revoked({ partition }: CertificateRecord): void {
    const list = this.lists.find((one) => one.partition === partition);
    if (list !== undefined) this.publishIn(list, AFTER_REVOCATION);
  }

  /**
   * Checks that whoever revokes a certificate may write its list.
   * https://docs.aws.amazon.com/privateca/latest/APIReference/API_RevokeCertificate.html
   * @throws AccessDenied
   */
  authorizeRevocation(call: Pick<AwsCall, 'authorize'>, { partition }: CertificateRecord): void {
    const { current } = this;
    if (current === undefined) return;
    this.surroundings.objects.authorize(call, 'PutObject', current.bucket, this.keyOf({ partition }, current));
  }

  private assertWritable({ bucket, isPublic }: RevocationListConfiguration): void {
    const { objects } = this.surroundings;
    const caller = this.caller();
    try {
      for (const action of ['GetBucketAcl', 'GetBucketLocation']) objects.authorize(caller, action, bucket);
      objects.authorize(caller, 'PutObjectAcl', bucket, TEST_KEY);
      objects.putObject(caller, { bucket, key: TEST_KEY, body: Buffer.alloc(0) });
    } catch (error) {
      if (!(error instanceof AccessDenied || error instanceof AwsError)) throw error;
      const reason = `${SERVICE} can't write to the S3 bucket ${bucket}. Check your S3 bucket permissions: ${error.message}`;
      throw new AwsError('ValidationException', reason);
    }
    if (!isPublic || !objects.blocksPublicAccess(bucket)) return;
    const reason = `the S3 bucket ${bucket} blocks public access, so S3ObjectAcl must be BUCKET_OWNER_FULL_CONTROL`;
    throw new AwsError('ValidationException', reason);
  }

  private listFor({ isPartitioned }: RevocationListConfiguration): RevocationList {
    const last = this.lists.findLast(({ partition }) => (partition !== undefined) === isPartitioned);
    if (last !== undefined && (!isPartitioned || last.size < PARTITION_SIZE)) return last;
    const list = { size: 0, ...(isPartitioned && { partition: randomUUID() }) };
    this.lists.push(list);
    return list;
  }

  private async publish(list: RevocationList): Promise<void> {
    const { current, authority } = this;
    const { installed, status } = authority;
    if (current === undefined || installed === undefined || status === 'DELETED') return;
    const { clock, objects } = this.surroundings;
    const thisUpdate = clock.now();
    const validity = current.expirationInDays * DAY;
    this.lastNumber = Math.max(this.lastNumber + 1, thisUpdate.getTime());
    const body = signRevocationList({
      issuer: encodedSubjectOf(installed.certificate),
      number: this.lastNumber,
      thisUpdate,
      nextUpdate: new Date(thisUpdate.getTime() + validity),
      revoked: this.entriesOf(list),
      distributionPoint: list.partition === undefined ? undefined : this.urlOf(list, current),
      signingKey: authority.key,
      signingAlgorithm: authority.configuration.signingAlgorithm,
    });
    const key = this.keyOf(list, current);
    try {
      objects.putObject(this.caller(), { bucket: current.bucket, key, body, contentType: 'application/pkix-crl' });
      list.lastUpdate = thisUpdate;
      // https://docs.aws.amazon.com/privateca/latest/userguide/create-CA.html
      this.publishIn(list, validity / 2);
    } catch {
      this.publishIn(list, AFTER_FAILURE);
    }
  }

  /** Replaces what was due later. */
  private publishIn(list: RevocationList, milliseconds: number): void {
    const { clock } = this.surroundings;
    list.refresh?.cancel();
    list.refresh = clock.at(new Date(clock.now().getTime() + milliseconds), () => this.publish(list));
  }

  /** A certificate that has expired is in one more list. */
  private entriesOf({ partition, lastUpdate }: RevocationList): readonly RevokedEntry[] {
    return [...this.authority.issued].flatMap(([serialNumber, certificate]) => {
      const { revocation } = certificate;
      if (certificate.partition !== partition || revocation === undefined) return [];
      if (lastUpdate !== undefined && certificate.notAfter < lastUpdate) return [];
      return [{ serialNumber, revokedAt: revocation.at, reason: REASONS[revocation.reason] }];
    });
  }

  private caller(): Pick<AwsCall, 'authorize'> {
    return this.surroundings.iam.asService(SERVICE, this.authority.configuration.arn);
  }

  /** AWS documents the names of partitions with a custom path only. */
  private keyOf({ partition }: Pick<RevocationList, 'partition'>, { path }: RevocationListConfiguration): string {
    const id = this.authority.configuration.arn.replace(/.*\//, '');
    if (partition === undefined) return `${path ?? 'crl'}/${id}.crl`;
    return `${path ?? `crl/${id}`}/${partition}.crl`;
  }

  /** https://docs.aws.amazon.com/privateca/latest/userguide/crl-planning.html#crl-url */
  private urlOf(list: Pick<RevocationList, 'partition'>, configuration: RevocationListConfiguration): string {
    const { bucket, cname = `${bucket}.s3.${this.surroundings.account.region}.amazonaws.com` } = configuration;
    return `http://${cname}/${this.keyOf(list, configuration)}`;
  }
}

/** By the reason of RevokeCertificate, that of RFC 5280, section 5.3.1. */
const REASONS: Readonly<Record<RevocationReason, RevokedEntry['reason']>> = {
  UNSPECIFIED: 'unspecified',
  KEY_COMPROMISE: 'keyCompromise',
  CERTIFICATE_AUTHORITY_COMPROMISE: 'cACompromise',
  AFFILIATION_CHANGED: 'affiliationChanged',
  SUPERSEDED: 'superseded',
  CESSATION_OF_OPERATION: 'cessationOfOperation',
  PRIVILEGE_WITHDRAWN: 'privilegeWithdrawn',
  A_A_COMPROMISE: 'aACompromise',
};
