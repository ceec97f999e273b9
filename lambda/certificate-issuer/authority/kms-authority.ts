import type { Log } from '../../../aws/cloudwatch';
import type { Kms } from '../../../aws/kms';
import { revocationListKey } from '../../../mesh/contract';
import { authorityId } from '../../../mesh/names';
import { signClientCertificate } from '../../../pki/certificate-signing';
import { readCertificates } from '../../../pki/pem';
import { type AuthorityStore, StoredAuthorityError } from '../../kms-authority/authority-store';
import { kmsSigner } from '../../kms-authority/kms-signer';
import type { AuthorityBackend, SignedCertificate, SigningRequest } from './certificate-authorities';

const HOUR_MS = 3_600_000;

export interface KmsAuthorityOptions {
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
export class KmsAuthority implements AuthorityBackend {
  constructor(private readonly options: KmsAuthorityOptions) {}

  async signCertificate(
    { order, publicKey, purpose }: SigningRequest,
    signal: AbortSignal,
  ): Promise<SignedCertificate> {
    const { kms, authorityStore, revocationListAddress: address, now, log } = this.options;
    const { clientName, certificateAuthorityArn, signingAlgorithm } = order;
    const { certificateChain } = await authorityStore.get(certificateAuthorityArn, signal);
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
        notAfter: new Date(now().getTime() + order.validityHours * HOUR_MS),
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

  /** The registry, from which revocation lists are made, is all that there is to tell. */
  async revokeCertificate(): Promise<void> {}
}
