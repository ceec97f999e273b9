import type { X509Certificate } from 'node:crypto';
import type { Log } from '../../../aws/cloudwatch';
import type { Kms } from '../../../aws/kms';
import { revocationListKey } from '../../../mesh/kms-authority';
import { authorityId } from '../../../mesh/names';
import { notAfterOf, subjectText } from '../../../pki/certificate-fields';
import { signClientCertificate } from '../../../pki/certificate-signing';
import { readCertificates } from '../../../pki/pem';
import { type AuthorityStore, StoredAuthorityError } from '../../kms-authority/authority-store';
import { kmsSigner } from '../../kms-authority/kms-signer';
import type { CertificateOrder } from '../issue/certificate-order';
import type { AuthorityBackend, SignedCertificate, SigningRequest } from './certificate-authorities';

const HOUR_MS = 3_600_000;

/** How long a chain is not read again. Milliseconds. */
const CHAIN_MEMORY = 60_000;

/** The authority's own certificate has expired. */
class ExpiredAuthorityError extends Error {
  override readonly name = 'ExpiredAuthorityError';

  constructor(authority: X509Certificate) {
    const expired = `expired at ${notAfterOf(authority).toISOString()}`;
    super(
      `certificate authority ${subjectText(authority)} ${expired}: set certificateAuthority to a new one, and deploy`,
    );
  }
}

export interface KmsBackendOptions {
  readonly kms: Pick<Kms, 'sign'>;
  readonly authorityStore: Pick<AuthorityStore, 'get'>;
  /** Where verifiers find revocation lists. Undefined if certificates don't say it. */
  readonly revocationListAddress?: string | undefined;
  readonly now: () => Date;
  readonly log: Log;
}

/**
 * Authorities with keys in KMS. Each request results in another certificate: one that was signed and not recorded in the
 * registry is unknown to the authorizer, which refuses it.
 */
export class KmsBackend implements AuthorityBackend {
  /** Chains by the ARN of their authority, with the time until which they are kept. */
  private readonly chains = new Map<string, { readonly certificateChain: string; readonly until: number }>();

  constructor(private readonly options: KmsBackendOptions) {}

  async signCertificate(
    { order, publicKey, purpose }: SigningRequest,
    signal: AbortSignal,
  ): Promise<SignedCertificate> {
    const { kms, revocationListAddress: address, now, log } = this.options;
    const { clientName, certificateAuthorityArn, signingAlgorithm } = order;
    const certificateChain = await this.chainOf(certificateAuthorityArn, signal);
    const [issuer] = readCertificates(certificateChain);
    if (issuer === undefined) throw new StoredAuthorityError(`${certificateAuthorityArn} has no certificate`);
    const certificate = await signClientCertificate(
      {
        issuer,
        commonName: clientName,
        spiffeId: order.spiffeId,
        dnsNames: order.dnsNames,
        publicKey,
        // As ACM PCA does, for clients and servers whose clocks are behind.
        notBefore: new Date(now().getTime() - HOUR_MS),
        notAfter: this.expiryOf(order, issuer),
        ...(address !== undefined && {
          crlAddress: `${address}/${revocationListKey(authorityId(certificateAuthorityArn))}`,
        }),
      },
      kmsSigner(kms, certificateAuthorityArn, signingAlgorithm, issuer),
      signal,
    );
    log({ event: 'certificate-signed', client: clientName, certificateAuthorityArn, purpose });
    return { certificate, certificateChain };
  }

  /** As ordered, and not later than that of the authority: otherwise, rotations would end so long before the authority does. */
  private expiryOf({ validityHours }: CertificateOrder, issuer: X509Certificate): Date {
    const now = this.options.now().getTime();
    const end = notAfterOf(issuer).getTime();
    if (end <= now) throw new ExpiredAuthorityError(issuer);
    return new Date(Math.min(now + validityHours * HOUR_MS, end));
  }

  /** SSM answers 40 calls a second for all of the account, and many certificates may be issued at once. */
  private async chainOf(certificateAuthorityArn: string, signal: AbortSignal): Promise<string> {
    const { authorityStore, now } = this.options;
    const kept = this.chains.get(certificateAuthorityArn);
    if (kept !== undefined && now().getTime() < kept.until) return kept.certificateChain;
    const { certificateChain } = await authorityStore.get(certificateAuthorityArn, signal);
    this.chains.set(certificateAuthorityArn, { certificateChain, until: now().getTime() + CHAIN_MEMORY });
    return certificateChain;
  }

  /** The registry, from which revocation lists are made, is all that there is to tell. */
  async revokeCertificate(): Promise<void> {}
}
