import { createPublicKey, type KeyObject } from 'node:crypto';
import {
  type CertificateDocument,
  composeCertificateDocument,
  verifyCertificateDocument,
} from '../../../mesh/certificate-document';
import type { ClientSecret } from '../../../mesh/client-secret';
import { issuerText, notAfterOf } from '../../../pki/certificate-fields';
import { createCertificateSigningRequest } from '../../../pki/certificate-signing-request';
import { generatePrivateKey, privateKeyPem, publicKeyHash } from '../../../pki/keys';
import { readCertificate, readCertificates } from '../../../pki/pem';
import type { Audit } from '../../../registry/audit';
import { REGISTRY_RETENTION_DAYS, type RegistryCertificate } from '../../../registry/records';
import type { Registry } from '../../../registry/registry';
import { whenPermitted } from '../../custom-resource/new-permission';
import type { AuthorityBackend } from '../authority/certificate-authorities';
import type { CertificateOrder } from './certificate-order';
import type { GatewayTruststore } from './gateway-truststore';

/** Why a certificate is issued, and the secret version or the requester that it is for. */
export type Occasion = Pick<RegistryCertificate, 'issuedBy' | 'secretVersionId' | 'requestedBy' | 'currentSince'>;

/** The public key to certify, and the proof that the client has the private key. */
export interface CertifiedKey {
  readonly publicKey: KeyObject;
  /** PKCS#10, PEM. */
  readonly certificateSigningRequest: string;
}

export interface IssuanceOptions {
  readonly authority: Pick<AuthorityBackend, 'signCertificate'>;
  readonly registry: Pick<Registry, 'addCertificate' | 'claimKey'>;
  /** Undefined without a gateway. */
  readonly truststore: Pick<GatewayTruststore, 'assertTrusts'> | undefined;
  readonly audit: Audit;
  readonly now: () => Date;
}

/** The mesh doesn't certify the key for the client. The message is for the holder of the key. */
export class KeyRefusedError extends Error {
  override readonly name = 'KeyRefusedError';
}

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;

/** Issues all client certificates of the mesh. */
export class Issuance {
  constructor(private readonly options: IssuanceOptions) {}

  /**
   * Generates a key and issues a certificate for it. Every call generates a new key, so first check whether the secret
   * version already has a value.
   */
  async issue(order: CertificateOrder, occasion: Occasion, signal: AbortSignal): Promise<ClientSecret> {
    const { clientName, spiffeId, keyAlgorithm } = order;
    const privateKey = await generatePrivateKey(keyAlgorithm);
    const key = {
      publicKey: createPublicKey(privateKey),
      certificateSigningRequest: createCertificateSigningRequest(privateKey, clientName),
    };
    // With the same key, an authority in ACM PCA returns the certificate that it issued in an earlier attempt.
    const document = await whenPermitted((limited) => this.certify(order, key, occasion, limited), signal);
    return { clientName, spiffeId, ...document, privateKey: privateKeyPem(privateKey), keyAlgorithm };
  }

  /**
   * Issues a certificate for a key that may be outside the issuer. Checks that the client can use the certificate and
   * that the gateway trusts it, and records it in the registry before it returns it.
   *
   * @throws KeyRefusedError if the key is revoked or belongs to another client
   */
  async certify(
    order: CertificateOrder,
    { publicKey, certificateSigningRequest }: CertifiedKey,
    occasion: Occasion,
    signal: AbortSignal,
  ): Promise<CertificateDocument> {
    const { authority, registry, truststore, audit, now } = this.options;
    const { clientName, spiffeId } = order;
    const { secretVersionId, requestedBy } = occasion;
    const keyHash = publicKeyHash(publicKey);
    await this.claimKey(keyHash, order, signal);
    const purpose = secretVersionId ?? spiffeId;
    const request = { order, publicKey, certificateSigningRequest, purpose };
    const { certificate: signed, certificateChain, certificateArn } = await authority.signCertificate(request, signal);
    const document = composeCertificateDocument(signed, certificateChain);
    verifyCertificateDocument(document, { spiffeId, publicKey }, now());
    await truststore?.assertTrusts({ clientName, ...document }, signal);
    signal.throwIfAborted();
    const record = { ...this.record(order, occasion, document, certificateArn), publicKeyHash: keyHash };
    await registry.addCertificate(record, signal);

    const certificate = { clientName, spiffeId, ...document };
    await audit.record('certificateIssued', { certificate }, { secretVersionId, requestedBy });
    // An operator may have revoked the key before the certificate was in the registry, where the operator would find it.
    await this.claimKey(keyHash, order, signal);
    return document;
  }

  private async claimKey(keyHash: string, { clientName, validityHours }: CertificateOrder, signal: AbortSignal) {
    const { registry, now } = this.options;
    const notAfter = now().getTime() / 1000 + validityHours * HOUR_SECONDS;
    const expiresAt = Math.ceil(notAfter) + REGISTRY_RETENTION_DAYS * DAY_SECONDS;
    const claim = await registry.claimKey(keyHash, { clientName, expiresAt }, signal);
    if (claim === 'claimed') return;
    throw new KeyRefusedError(
      claim === 'revoked'
        ? 'a certificate for this key was revoked: generate another key'
        : 'this key belongs to another client: generate another key',
    );
  }

  private record(
    { clientName, spiffeId, certificateAuthorityArn }: CertificateOrder,
    occasion: Occasion,
    { certificate, certificateChain, serialNumber, fingerprint, notBefore, notAfter }: CertificateDocument,
    certificateArn: string | undefined,
  ): RegistryCertificate {
    const authoritiesNotAfter = Math.min(
      ...readCertificates(certificateChain).map((authority) => notAfterOf(authority).getTime()),
    );
    return {
      clientName,
      spiffeId,
      serialNumber,
      issuer: issuerText(readCertificate(certificate)),
      ...(certificateArn !== undefined && { certificateArn }),
      certificateAuthorityArn,
      fingerprint,
      notBefore,
      notAfter,
      authoritiesNotAfter: new Date(authoritiesNotAfter).toISOString(),
      status: 'ISSUED',
      issuedAt: this.options.now().toISOString(),
      ...occasion,
      expiresAt: Date.parse(notAfter) / 1000 + REGISTRY_RETENTION_DAYS * DAY_SECONDS,
    };
  }
}
