import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { composeClientSecret, verifyClientSecret } from '../../pki/client-secret';
import type { ClientSecret, SigningAlgorithm } from '../../pki/contract';
import { generatePrivateKey } from '../../pki/keys';
import type { Log } from '../log';
import type { CertificateOrder } from './certificate-order';

/** The authority that issues. A request is accepted at once and its certificate fetched until it is there. */
export interface CertificateAuthority {
  /** Gives the ARN of the certificate under way. The same idempotency token within 5 minutes gives the same certificate. */
  issueCertificate(request: CertificateRequest, signal: AbortSignal): Promise<string>;
  /** Undefined while the certificate is being issued. */
  getCertificate(
    certificateAuthorityArn: string,
    certificateArn: string,
    signal: AbortSignal,
  ): Promise<IssuedCertificate | undefined>;
}

/** The subject and its alternative names are those given here, whatever the signing request says. */
export interface CertificateRequest {
  readonly certificateAuthorityArn: string;
  /** PEM. */
  readonly certificateSigningRequest: string;
  readonly commonName: string;
  readonly spiffeId: string;
  readonly dnsNames: readonly string[];
  readonly signingAlgorithm: SigningAlgorithm;
  readonly validity: Validity;
  /** At most 36 characters. */
  readonly idempotencyToken: string;
}

/** When a certificate ends: days from now, or an absolute time in seconds since 1970. */
export interface Validity {
  readonly type: 'DAYS' | 'ABSOLUTE';
  readonly value: number;
}

export interface IssuedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, issuing authority first, without the certificate itself. */
  readonly certificateChain: string;
}

/** First pause between two looks for a certificate; ACM PCA takes about a second, quotas allow 75 looks a second. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

export class CertificateIssuer {
  constructor(
    private readonly authority: CertificateAuthority,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  /**
   * A new key with its certificate, checked as a client will use it.
   * Each call makes another key: look first whether this request has already got one.
   */
  async issue(order: CertificateOrder, requestId: string, signal: AbortSignal): Promise<ClientSecret> {
    const { clientName, spiffeId, keyAlgorithm, certificateAuthorityArn } = order;
    const privateKey = await generatePrivateKey(keyAlgorithm);
    const certificateSigningRequest = createCertificateSigningRequest(privateKey, clientName);
    const certificateArn = await this.authority.issueCertificate(
      {
        certificateAuthorityArn,
        certificateSigningRequest,
        commonName: clientName,
        spiffeId,
        dnsNames: order.dnsNames,
        signingAlgorithm: order.signingAlgorithm,
        validity: validityOf(order.validityHours, this.now()),
        idempotencyToken: idempotencyToken(requestId, certificateSigningRequest),
      },
      signal,
    );
    this.log({ event: 'certificate-requested', client: clientName, certificateArn, requestId });

    const { certificate, certificateChain } = await this.fetch(certificateAuthorityArn, certificateArn, signal);
    const secret = composeClientSecret({
      clientName,
      spiffeId,
      certificatePem: certificate,
      certificateChainPem: certificateChain,
      privateKey,
      keyAlgorithm,
    });
    verifyClientSecret(secret, this.now());
    const { serialNumber, notAfter } = secret;
    this.log({ event: 'certificate-issued', client: clientName, serialNumber, notAfter, requestId });
    return secret;
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
 * attempt at the same request, with another key, must not be given the certificate of the lost one.
 */
function idempotencyToken(requestId: string, certificateSigningRequest: string): string {
  return createHash('sha256').update(`${requestId}\n${certificateSigningRequest}`).digest('hex').slice(0, 36);
}
