import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { composeCertificateDocument, verifyCertificateDocument } from '../../../mesh/certificate-document';
import { issuerText, notAfterOf } from '../../../pki/certificate-fields';
import { createCertificateSigningRequest } from '../../../pki/certificate-signing-request';
import { type CertificateDocument, type ClientSecret, METRICS } from '../../../mesh/contract';
import { generatePrivateKey, privateKeyPem } from '../../../pki/keys';
import { readCertificate, readCertificates } from '../../../pki/pem';
import { REGISTRY_RETENTION_DAYS, type RegistryCertificate } from '../../../registry/records';
import type { Announcer } from '../../../registry/audit';
import type { Log } from '../../log';
import type { Metrics } from '../../../aws/cloudwatch';
import type { CertificateAuthority, IssuedCertificate, Validity } from '../certificate-authority';
import type { CertificateOrder } from './certificate-order';
import type { GatewayTruststore } from './gateway-truststore';
import type { Registry } from '../registry';

/** What a certificate is issued for. */
export type Occasion = Pick<RegistryCertificate, 'issuedBy' | 'secretVersionId' | 'requestedBy' | 'currentSince'>;

/** The key to certify, and the proof that its holder has it. */
export interface CertifiedKey {
  readonly publicKey: KeyObject;
  /** PKCS#10, PEM. */
  readonly certificateSigningRequest: string;
}

/** First pause between two looks for a certificate; ACM PCA takes about a second, quotas allow 75 looks a second. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

const DAY_SECONDS = 86_400;

/** The one way in which a client certificate comes to be. */
export class CertificateIssuer {
  constructor(
    private readonly authority: CertificateAuthority,
    private readonly registry: Pick<Registry, 'addCertificate'>,
    /** Of the gateway that is to let clients in; absent without one. */
    private readonly truststore: Pick<GatewayTruststore, 'assertTrusts'> | undefined,
    private readonly announcer: Announcer,
    private readonly metrics: Metrics,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  /**
   * A new key with its certificate.
   * Each call makes another key: look first whether the secret's version has already got one.
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
   * A certificate in the client's name for a key that somebody else may hold, checked as the client will use it, trusted
   * by the gateway and known to the registry. The same key again within minutes gives the same certificate.
   */
  async certify(
    order: CertificateOrder,
    { publicKey, certificateSigningRequest }: CertifiedKey,
    occasion: Occasion,
    signal: AbortSignal,
  ): Promise<CertificateDocument> {
    const { clientName, spiffeId, certificateAuthorityArn } = order;
    const { secretVersionId, requestedBy } = occasion;
    const certificateArn = await this.authority.issueCertificate(
      {
        certificateAuthorityArn,
        certificateSigningRequest,
        commonName: clientName,
        spiffeId,
        dnsNames: order.dnsNames,
        signingAlgorithm: order.signingAlgorithm,
        validity: validityOf(order.validityHours, this.now()),
        idempotencyToken: idempotencyToken(order, secretVersionId ?? spiffeId, certificateSigningRequest),
      },
      signal,
    );
    this.log({ event: 'certificate-requested', client: clientName, certificateArn, secretVersionId, requestedBy });

    const issued = await this.fetch(certificateAuthorityArn, certificateArn, signal);
    const document = composeCertificateDocument(issued.certificate, issued.certificateChain);
    verifyCertificateDocument(document, { spiffeId, publicKey }, this.now());
    await this.truststore?.assertTrusts({ clientName, certificate: document.certificate }, signal);
    signal.throwIfAborted();
    await this.registry.addCertificate(this.entry(order, occasion, document, certificateArn), signal);

    const { serialNumber, fingerprint, notAfter } = document;
    this.log({ event: 'certificate-issued', client: clientName, serialNumber, notAfter, secretVersionId, requestedBy });
    this.metrics.count(METRICS.certificatesIssued);
    await this.announcer.announce('Certificate Issued', { clientName, spiffeId, serialNumber, fingerprint, notAfter });
    return document;
  }

  private async fetch(
    certificateAuthorityArn: string,
    certificateArn: string,
    signal: AbortSignal,
  ): Promise<IssuedCertificate> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const issued = await this.authority.getCertificate(certificateAuthorityArn, certificateArn, signal);
      if (issued !== undefined) return issued;
      await pause(pauseMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }

  private entry(
    { clientName, spiffeId, certificateAuthorityArn }: CertificateOrder,
    occasion: Occasion,
    { certificate, certificateChain, serialNumber, fingerprint, notBefore, notAfter }: CertificateDocument,
    certificateArn: string,
  ): RegistryCertificate {
    const authoritiesEnd = Math.min(
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
      authoritiesNotAfter: new Date(authoritiesEnd).toISOString(),
      status: 'ISSUED',
      issuedAt: this.now().toISOString(),
      ...occasion,
      expiresAt: Date.parse(notAfter) / 1000 + REGISTRY_RETENTION_DAYS * DAY_SECONDS,
    };
  }
}

/**
 * Whole days are counted by the authority from the moment of issuance; ACM PCA knows no hours, so anything else is an
 * absolute end. https://docs.aws.amazon.com/privateca/latest/APIReference/API_Validity.html
 */
export function validityOf(hours: number, now: Date): Validity {
  if (hours % 24 === 0) return { type: 'DAYS', value: hours / 24 };
  return { type: 'ABSOLUTE', value: Math.floor(now.getTime() / 1000) + hours * 3600 };
}

/**
 * Names one request for one key. The key is part of it because a key dies with the process that made it: the next
 * attempt at the same version, with another key, must not be given the certificate of the lost one. What is ordered, and
 * for what, is part of it because a key that somebody else made may be used for two clients, or again for one that was
 * changed meanwhile.
 */
function idempotencyToken(order: CertificateOrder, purpose: string, certificateSigningRequest: string): string {
  const { certificateAuthorityArn, dnsNames, validityHours, signingAlgorithm } = order;
  const ordered = [certificateAuthorityArn, dnsNames, validityHours, signingAlgorithm];
  const text = JSON.stringify([ordered, purpose, certificateSigningRequest]);
  return createHash('sha256').update(text).digest('hex').slice(0, 36);
}
