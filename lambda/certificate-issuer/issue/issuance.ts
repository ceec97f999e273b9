import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { AcmPca, IssuedCertificate, Validity } from '../../../aws/acm-pca';
import type { Log } from '../../../aws/cloudwatch';
import { type Pause, type RetryPolicy, retry } from '../../../aws/retry';
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
  readonly authority: Pick<AcmPca, 'issueCertificate' | 'getCertificate'>;
  readonly registry: Pick<Registry, 'addCertificate' | 'claimKey'>;
  /** Undefined without a gateway. */
  readonly truststore: Pick<GatewayTruststore, 'assertTrusts'> | undefined;
  readonly audit: Audit;
  /** How to wait while a certificate is issued. @default - as `retry` does */
  readonly pause?: Pause;
  readonly now: () => Date;
  readonly log: Log;
}

/** The mesh doesn't certify the key for the client. The message is for the holder of the key. */
export class KeyRefusedError extends Error {
  override readonly name = 'KeyRefusedError';
}

/** ACM PCA issues a certificate in about a second, and its quota allows 75 GetCertificate calls per second. */
const POLLING: RetryPolicy = { backoff: { first: 150, longest: 5_000 } };

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
    const document = await this.certify(order, key, occasion, signal);
    return { clientName, spiffeId, ...document, privateKey: privateKeyPem(privateKey), keyAlgorithm };
  }

  /**
   * Issues a certificate for a key that may be outside the issuer. Checks that the client can use the certificate and
   * that the gateway trusts it, and records it in the registry. Repeating the call with the same key within minutes
   * returns the same certificate.
   *
   * @throws KeyRefusedError if the key is revoked or belongs to another client
   */
  async certify(
    order: CertificateOrder,
    { publicKey, certificateSigningRequest }: CertifiedKey,
    occasion: Occasion,
    signal: AbortSignal,
  ): Promise<CertificateDocument> {
    const { authority, registry, truststore, audit, now, log } = this.options;
    const { clientName, spiffeId, certificateAuthorityArn } = order;
    const { secretVersionId, requestedBy } = occasion;
    const keyHash = publicKeyHash(publicKey);
    await this.claimKey(keyHash, order, signal);
    const certificateArn = await authority.issueCertificate(
      {
        certificateAuthorityArn,
        certificateSigningRequest,
        commonName: clientName,
        spiffeId,
        dnsNames: order.dnsNames,
        signingAlgorithm: order.signingAlgorithm,
        validity: validityOf(order.validityHours, now()),
        idempotencyToken: idempotencyToken(order, secretVersionId ?? spiffeId, certificateSigningRequest),
      },
      signal,
    );
    log({ event: 'certificate-requested', client: clientName, certificateArn, secretVersionId, requestedBy });

    const issued = await this.waitFor(certificateAuthorityArn, certificateArn, signal);
    const document = composeCertificateDocument(issued.certificate, issued.certificateChain);
    verifyCertificateDocument(document, { spiffeId, publicKey }, now());
    await truststore?.assertTrusts({ clientName, certificate: document.certificate }, signal);
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

  private waitFor(
    certificateAuthorityArn: string,
    certificateArn: string,
    signal: AbortSignal,
  ): Promise<IssuedCertificate> {
    return retry<IssuedCertificate>(
      { ...POLLING, pause: this.options.pause },
      async () => {
        const value = await this.options.authority.getCertificate(certificateAuthorityArn, certificateArn, signal);
        if (value !== undefined) return { value };
        return { error: new Error(`${certificateArn} is not issued yet`), retryable: true };
      },
      signal,
    );
  }

  private record(
    { clientName, spiffeId, certificateAuthorityArn }: CertificateOrder,
    occasion: Occasion,
    { certificate, certificateChain, serialNumber, fingerprint, notBefore, notAfter }: CertificateDocument,
    certificateArn: string,
  ): RegistryCertificate {
    const authoritiesNotAfter = Math.min(
      ...readCertificates(certificateChain).map((authority) => notAfterOf(authority).getTime()),
    );
    return {
      clientName,
      spiffeId,
      serialNumber,
      issuer: issuerText(readCertificate(certificate)),
      certificateArn,
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

/**
 * ACM PCA counts whole days from the moment of issuance. It has no unit for hours, so any other validity is an absolute
 * time. https://docs.aws.amazon.com/privateca/latest/APIReference/API_Validity.html
 */
export function validityOf(hours: number, now: Date): Validity {
  if (hours % 24 === 0) return { type: 'DAYS', value: hours / 24 };
  return { type: 'ABSOLUTE', value: Math.floor(now.getTime() / 1000) + hours * 3600 };
}

/**
 * Identifies one order for one key. The key is part of the token because it is lost with the process that generated it.
 * The next attempt has a new key and must not receive the certificate of the lost one. The order is part of the token
 * because a client may reuse its own key after the order has changed, or for another client.
 */
function idempotencyToken(order: CertificateOrder, purpose: string, certificateSigningRequest: string): string {
  const { certificateAuthorityArn, dnsNames, validityHours, signingAlgorithm } = order;
  const ordered = [certificateAuthorityArn, dnsNames, validityHours, signingAlgorithm];
  const text = JSON.stringify([ordered, purpose, certificateSigningRequest]);
  return createHash('sha256').update(text).digest('hex').slice(0, 36);
}
