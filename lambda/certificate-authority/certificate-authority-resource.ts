import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { AcmPca } from '../../aws/acm-pca';
import type { Log } from '../../aws/cloudwatch';
import type { Kms } from '../../aws/kms';
import { authorityArnProblem } from '../../mesh/aws-names';
import {
  AUTHORITY_ORDERS_VARIABLE,
  type AuthorityOrder,
  type CertificateAuthorityAttributes,
  type CertificateAuthorityProperties,
} from '../../mesh/contract';
import { authorityId, authorityParameterName } from '../../mesh/names';
import { notAfterOf } from '../../pki/certificate-fields';
import { signRootCertificate, signSubordinateCertificate } from '../../pki/certificate-signing';
import { encodePem, readCertificates } from '../../pki/pem';
import { signRevocationList } from '../../pki/revocation-list';
import type { CustomResourceHandler } from '../custom-resource/custom-resource';
import { PropertyError, textProperty } from '../custom-resource/properties';
import type { CustomResourceRequest, ResourceProperties } from '../custom-resource/request';
import { EnvironmentError } from '../environment';
import { type AuthorityStore, type StoredAuthority, StoredAuthorityError } from '../kms-authority/authority-store';
import { kmsSigner } from '../kms-authority/kms-signer';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface CertificateAuthorityResourceOptions {
  readonly orders: readonly AuthorityOrder[];
  readonly kms: Pick<Kms, 'publicKey' | 'sign'>;
  readonly acmPca: Pick<AcmPca, 'certificateSigningRequest'>;
  readonly store: Pick<AuthorityStore, 'find' | 'get' | 'add' | 'replace' | 'remove'>;
  readonly now: () => Date;
  readonly log: Log;
}

/**
 * `Custom::MtlsCertificateAuthority`: an authority whose certificate is signed by a KMS key. The certificate is made once for an
 * order and kept, so a repeated or belated request gets the same one.
 */
export class CertificateAuthorityResource implements CustomResourceHandler {
  constructor(private readonly options: CertificateAuthorityResourceOptions) {}

  identify(properties: ResourceProperties): string {
    return authorityParameterName(authorityId(readAuthorityArn(properties)));
  }

  async apply({ properties, requestId }: CustomResourceRequest, signal: AbortSignal) {
    const order = this.orderOf(properties);
    const { certificateChain } = await this.made(order, requestId, signal);
    const [certificate] = readCertificates(certificateChain);
    return {
      CertificateAuthorityArn: order.certificateAuthorityArn,
      Certificate: String(certificate),
    } satisfies CertificateAuthorityAttributes;
  }

  /** The key stays. Without the parameter, a resource that is added again makes another certificate for it. */
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
    const { store, log } = this.options;
    const { certificateAuthorityArn } = order;
    const issuer = await this.issuerOf(order, signal);
    const stored = await store.find(certificateAuthorityArn, signal);
    if (stored !== undefined && isFor(stored, order, issuer)) return stored;

    const made = await this.make(order, issuer, signal);
    signal.throwIfAborted();
    if (stored !== undefined) await store.replace(certificateAuthorityArn, made, signal);
    else if (!(await store.add(certificateAuthorityArn, made, signal))) {
      // The same request runs twice, and the other run was faster.
      return this.made(order, requestId, signal);
    }
    log({ event: 'certificate-authority-made', certificateAuthorityArn, again: stored !== undefined, requestId });
    return made;
  }

  /** Undefined for a root. */
  private async issuerOf(order: AuthorityOrder, signal: AbortSignal): Promise<StoredAuthority | undefined> {
    return isRoot(order) ? undefined : this.options.store.get(order.issuerKeyArn, signal);
  }

  private async make(
    order: AuthorityOrder,
    issuer: StoredAuthority | undefined,
    signal: AbortSignal,
  ): Promise<StoredAuthority> {
    const { kms, now } = this.options;
    const { issuerKeyArn, signingAlgorithm, validityDays } = order;
    const notBefore = new Date(now().getTime() - HOUR_MS);
    const notAfter = new Date(now().getTime() + validityDays * DAY_MS);
    if (issuer === undefined) return this.makeRoot(order, { notBefore, notAfter }, signal);
    const [issuingCertificate] = readCertificates(issuer.certificateChain);
    if (issuingCertificate === undefined) throw new StoredAuthorityError(`${issuerKeyArn} has no certificate`);
    const signer = kmsSigner(kms, issuerKeyArn, signingAlgorithm, issuingCertificate);
    const certificate = await signSubordinateCertificate(
      { ...(await this.requestOf(order, signal)), issuer: issuingCertificate, pathLength: 0, notBefore, notAfter },
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

  private async makeRoot(
    order: AuthorityOrder,
    validity: { readonly notBefore: Date; readonly notAfter: Date },
    signal: AbortSignal,
  ): Promise<StoredAuthority> {
    const { kms } = this.options;
    const { issuerKeyArn, signingAlgorithm, subject } = order;
    if (subject === undefined)
      throw new EnvironmentError(AUTHORITY_ORDERS_VARIABLE, 'must name the root', issuerKeyArn);
    const publicKey = await this.publicKey(issuerKeyArn, signal);
    const signer = kmsSigner(kms, issuerKeyArn, signingAlgorithm, { publicKey });
    const certificateChain = await signRootCertificate({ ...validity, subject }, signer, signal);
    return { certificateChain, revocationLists: '', order: identityOf(order) };
  }

  /** The name and the key to certify. */
  private async requestOf({ certificateAuthorityArn, subject }: AuthorityOrder, signal: AbortSignal) {
    if (subject !== undefined) return { subject, publicKey: await this.publicKey(certificateAuthorityArn, signal) };
    const { acmPca } = this.options;
    return { certificateSigningRequest: await acmPca.certificateSigningRequest(certificateAuthorityArn, signal) };
  }

  private async publicKey(keyArn: string, signal: AbortSignal): Promise<KeyObject> {
    const key = await this.options.kms.publicKey(keyArn, signal);
    return createPublicKey({ key, format: 'der', type: 'spki' });
  }
}

const ARN = 'CertificateAuthorityArn' satisfies keyof CertificateAuthorityProperties;

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
  if (issuer === undefined) return true;
  const [, above] = readCertificates(stored.certificateChain);
  const [issuing] = readCertificates(issuer.certificateChain);
  return issuing !== undefined && above?.fingerprint256 === issuing.fingerprint256;
}
