import { createHash, type KeyObject } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AcmPca } from '../../aws/acm-pca';
import type { Log } from '../../aws/cloudwatch';
import type { Kms } from '../../aws/kms';
import { authorityArnProblem } from '../../mesh/aws-names';
import {
  AUTHORITY_ORDERS_VARIABLE,
  type AuthorityAttributes,
  type AuthorityOrder,
  type AuthorityProperties,
  type AuthoritySubject,
} from '../../mesh/kms-authority';
import { authorityId, authorityParameterName } from '../../mesh/names';
import { notAfterOf, subjectText } from '../../pki/certificate-fields';
import { signRootCertificate, signSubordinateCertificate } from '../../pki/certificate-signing';
import { readCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { encodePem, readCertificates } from '../../pki/pem';
import { signRevocationList } from '../../pki/revocation-list';
import type { CustomResourceHandler } from '../custom-resource/custom-resource';
import { PropertyError, textProperty } from '../custom-resource/properties';
import type { CustomResourceRequest, ResourceProperties } from '../custom-resource/request';
import { EnvironmentError } from '../environment';
import { isAuthentic } from '../kms-authority/authenticity';
import { type AuthorityStore, type StoredAuthority, StoredAuthorityError } from '../kms-authority/authority-store';
import { kmsSigner } from '../kms-authority/kms-signer';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The name of an authority is the issuer in the certificates of its clients, so the key can't get another name. */
class RenamedAuthorityError extends Error {
  override readonly name = 'RenamedAuthorityError';

  constructor(certificateAuthorityArn: string, subject: string) {
    super(
      `certificate authority ${certificateAuthorityArn} must keep the subject ${subject}, because the gateway would refuse the ` +
        'certificates that it has issued: set subject to that one, or add an authority with another construct ID to ' +
        'certificateAuthoritySuccessors',
    );
  }
}

export interface CertificateAuthorityResourceOptions {
  readonly orders: readonly AuthorityOrder[];
  readonly kms: Pick<Kms, 'publicKey' | 'sign'>;
  readonly acmPca: Pick<AcmPca, 'certificateSigningRequest'>;
  readonly store: Pick<AuthorityStore, 'get' | 'history' | 'put' | 'remove'>;
  readonly now: () => Date;
  readonly log: Log;
}

/**
 * `Custom::MtlsCertificateAuthority`: an authority whose certificate is signed by a KMS key. The certificate is made once for an
 * order and kept, so a repeated request gets the same one. A changed order gets another certificate, and a rollback to the
 * order of before gets the one of before.
 */
export class CertificateAuthorityResource implements CustomResourceHandler {
  constructor(private readonly options: CertificateAuthorityResourceOptions) {}

  identify(properties: ResourceProperties): string {
    return authorityParameterName(authorityId(readAuthorityArn(properties)));
  }

  /** Restores what is missing of all authorities, or makes it again. For operators who have lost what a parameter held. */
  async makeAll(requestId: string, signal: AbortSignal): Promise<void> {
    for (const order of this.options.orders) await this.made(order, requestId, signal);
  }

  async apply({ properties, requestId }: CustomResourceRequest, signal: AbortSignal) {
    const order = this.orderOf(properties);
    const { certificateChain } = await this.made(order, requestId, signal);
    const [certificate] = readCertificates(certificateChain);
    return {
      CertificateAuthorityArn: order.certificateAuthorityArn,
      Certificate: String(certificate),
    } satisfies AuthorityAttributes;
  }

  /** The key stays. Without the parameter, a resource that is added again makes another certificate for the key. */
  async remove({ properties, requestId }: CustomResourceRequest, signal: AbortSignal): Promise<void> {
    const { store, log } = this.options;
    const certificateAuthorityArn = readAuthorityArn(properties);
    await store.remove(certificateAuthorityArn, signal);
    log({ event: 'certificate-authority-removed', certificateAuthorityArn, requestId });
  }

  private orderOf(properties: ResourceProperties): AuthorityOrder {
    const arn = readAuthorityArn(properties);
    const order = this.options.orders.find(({ certificateAuthorityArn }) => certificateAuthorityArn === arn);
    if (order !== undefined) return order;
    throw new PropertyError(ARN, 'must be an authority that this function makes', arn);
  }

  private async made(order: AuthorityOrder, requestId: string, signal: AbortSignal): Promise<StoredAuthority> {
    const { kms, store, log } = this.options;
    const { certificateAuthorityArn, issuerKeyArn } = order;
    const issuerKey = await kms.publicKey(issuerKeyArn, signal);
    const issuer = isRoot(order) ? undefined : await this.issuerOf(order, issuerKey, signal);
    const parties = { requester: await this.requesterOf(order, issuerKey, signal), issuer, issuerKey };
    const kept = await this.kept(order, parties, signal);
    if (kept !== undefined) return kept;
    await this.assertNameStays(order, parties, signal);
    const made = await this.make(order, parties, signal);
    signal.throwIfAborted();
    await store.put(certificateAuthorityArn, made, signal);
    log({ event: 'certificate-authority-made', certificateAuthorityArn, requestId });
    // The same request may run twice. Both runs take what was put first.
    return (await this.kept(order, parties, signal)) ?? made;
  }

  /** What was made first for the order and has not expired. If something else took its place, it is put back. */
  private async kept(
    order: AuthorityOrder,
    { requester, issuer, issuerKey }: Parties,
    signal: AbortSignal,
  ): Promise<StoredAuthority | undefined> {
    const { store, log } = this.options;
    const { certificateAuthorityArn, subject } = order;
    const identity = { subject, publicKey: requester.publicKey, issuerKey };
    const history = await store.history(certificateAuthorityArn, signal);
    const first = history.find(
      (stored) => stored && isFor(stored, order, issuer) && isAuthentic(stored, identity) && !this.hasExpired(stored),
    );
    if (first === undefined || isDeepStrictEqual(first, history.at(-1))) return first;
    signal.throwIfAborted();
    await store.put(certificateAuthorityArn, first, signal);
    log({ event: 'certificate-authority-restored', certificateAuthorityArn });
    return first;
  }

  private hasExpired({ certificateChain }: StoredAuthority): boolean {
    return readCertificates(certificateChain).some((certificate) => notAfterOf(certificate) <= this.options.now());
  }

  /** @throws RenamedAuthorityError if the key has a certificate with another name */
  private async assertNameStays(
    { certificateAuthorityArn, subject }: AuthorityOrder,
    { requester: { publicKey }, issuerKey }: Parties,
    signal: AbortSignal,
  ): Promise<void> {
    const history = await this.options.store.history(certificateAuthorityArn, signal);
    const latest = history.findLast((stored) => stored && isAuthentic(stored, { publicKey, issuerKey }));
    if (latest === undefined || isAuthentic(latest, { subject, publicKey, issuerKey })) return;
    const [certificate] = readCertificates(latest.certificateChain);
    throw new RenamedAuthorityError(certificateAuthorityArn, certificate ? subjectText(certificate) : '(no name)');
  }

  /** The root, whose certificate must be of the key that signs. */
  private async issuerOf(
    { issuerKeyArn }: AuthorityOrder,
    issuerKey: KeyObject,
    signal: AbortSignal,
  ): Promise<StoredAuthority> {
    const issuer = await this.options.store.get(issuerKeyArn, signal);
    if (isAuthentic(issuer, { publicKey: issuerKey, issuerKey })) return issuer;
    throw new StoredAuthorityError(
      `the SSM parameter of ${issuerKeyArn} holds the certificate of another authority: invoke this function with {}`,
    );
  }

  private async make(order: AuthorityOrder, parties: Parties, signal: AbortSignal): Promise<StoredAuthority> {
    const { kms, now } = this.options;
    const { issuerKeyArn, signingAlgorithm, subject, validityDays } = order;
    const { requester, issuer, issuerKey } = parties;
    const notBefore = new Date(now().getTime() - HOUR_MS);
    const notAfter = new Date(now().getTime() + validityDays * DAY_MS);
    const signer = kmsSigner(kms, issuerKeyArn, signingAlgorithm, { publicKey: issuerKey });
    const [issuingCertificate] = issuer ? readCertificates(issuer.certificateChain) : [];
    if (issuer === undefined || issuingCertificate === undefined) {
      if (subject === undefined)
        throw new EnvironmentError(AUTHORITY_ORDERS_VARIABLE, 'must name the root', issuerKeyArn);
      const certificateChain = await signRootCertificate({ subject, notBefore, notAfter }, signer, signal);
      return { certificateChain, revocationLists: '', order: identityOf(order) };
    }
    const certificate = await signSubordinateCertificate(
      { ...requester.request, issuer: issuingCertificate, pathLength: 0, notBefore, notAfter },
      signer,
      signal,
    );
    // Nothing is ever revoked in it: an authority below is withdrawn by its removal from the truststore. Servers that check
    // lists require one of every authority in a chain.
    const list = await signRevocationList(
      {
        issuer: issuingCertificate,
        number: BigInt(Math.floor(now().getTime() / 1_000)),
        thisUpdate: notBefore,
        nextUpdate: notAfterOf(issuingCertificate),
        entries: [],
      },
      signer,
      signal,
    );
    return {
      certificateChain: certificate + issuer.certificateChain,
      revocationLists: encodePem('X509 CRL', list) + issuer.revocationLists,
      order: identityOf(order),
    };
  }

  /** The key to certify, and what its holder asks for. */
  private async requesterOf(order: AuthorityOrder, issuerKey: KeyObject, signal: AbortSignal): Promise<Requester> {
    const { certificateAuthorityArn, subject } = order;
    if (subject === undefined) {
      const { acmPca } = this.options;
      const certificateSigningRequest = await acmPca.certificateSigningRequest(certificateAuthorityArn, signal);
      const { publicKey } = readCertificateSigningRequest(certificateSigningRequest);
      return { publicKey, request: { certificateSigningRequest } };
    }
    const publicKey = isRoot(order) ? issuerKey : await this.options.kms.publicKey(certificateAuthorityArn, signal);
    return { publicKey, request: { subject, publicKey } };
  }
}

interface Requester {
  readonly publicKey: KeyObject;
  readonly request:
    | { readonly certificateSigningRequest: string }
    | { readonly subject: AuthoritySubject; readonly publicKey: KeyObject };
}

interface Parties {
  readonly requester: Requester;
  /** Undefined for a root. */
  readonly issuer: StoredAuthority | undefined;
  readonly issuerKey: KeyObject;
}

const ARN = 'CertificateAuthorityArn' satisfies keyof AuthorityProperties;

function readAuthorityArn(properties: ResourceProperties): string {
  return textProperty(properties, ARN, authorityArnProblem);
}

function isRoot({ certificateAuthorityArn, issuerKeyArn }: AuthorityOrder): boolean {
  return certificateAuthorityArn === issuerKeyArn;
}

/** Two orders with the same identity are for the same certificate. */
function identityOf(order: AuthorityOrder): string {
  const { certificateAuthorityArn, issuerKeyArn, signingAlgorithm, subject = {}, validityDays } = order;
  const name = Object.entries(subject).sort(([a], [b]) => (a < b ? -1 : 1));
  const identity = [certificateAuthorityArn, issuerKeyArn, signingAlgorithm, name, validityDays];
  return createHash('sha256').update(JSON.stringify(identity)).digest('base64url');
}

/** Whether the certificate was made for the order, under the issuer as it is now. */
function isFor(stored: StoredAuthority, order: AuthorityOrder, issuer: StoredAuthority | undefined): boolean {
  if (stored.order !== identityOf(order)) return false;
  return issuer === undefined || stored.certificateChain.endsWith(issuer.certificateChain);
}
