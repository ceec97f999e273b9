import type { Log } from '../../../aws/cloudwatch';
import type { CertificateDocument } from '../../../mesh/certificate-document';
import { DEFAULT_CERTIFICATE_LIMIT } from '../../../mesh/contract';
import { requesterFromArn, requesterFromCaller } from '../../../mesh/requesters';
import {
  type CertificateSigningRequest,
  CertificateSigningRequestError,
  readCertificateSigningRequest,
} from '../../../pki/certificate-signing-request';
import { keyAlgorithmOf } from '../../../pki/keys';
import type { RegistryClient } from '../../../registry/records';
import type { Registry } from '../../../registry/registry';
import { certificateStatus } from '../../../registry/status';
import { type CertifiedKey, type Issuance, KeyRefusedError, type Occasion } from '../issue/issuance';
import { CertificateRequestRefusal, type HttpCertificateRequest } from './http';

/** Why a caller may not request a certificate. For the log only, because callers must not learn which clients exist. */
class NotPermittedError extends Error {
  override readonly name = 'NotPermittedError';
}

interface Permission {
  readonly client: RegistryClient;
  /** The IAM role or user that makes the request. */
  readonly requestedBy: string;
}

export interface RequestedCertificatesOptions {
  readonly registry: Pick<Registry, 'getClient' | 'getCertificate' | 'certificatesOf'>;
  readonly issuance: Pick<Issuance, 'certify'>;
  readonly now: () => Date;
  readonly log: Log;
}

/**
 * Issues certificates for keys that their clients keep. The caller must be allowed to request certificates of the
 * client, and must prove possession of the key. The identity comes from the registry and not from the request.
 */
export class RequestedCertificates {
  constructor(private readonly options: RequestedCertificatesOptions) {}

  /** @throws CertificateRequestRefusal */
  async issue(request: HttpCertificateRequest, signal: AbortSignal): Promise<CertificateDocument> {
    const { now, log } = this.options;
    const { client, requestedBy } = await this.permit(request, signal);
    log({ event: 'certificate-request', client: client.clientName, requestedBy });
    const { pem, publicKey } = readSigningRequest(request.certificateSigningRequest, client);

    const occasion: Occasion = {
      issuedBy: 'request',
      requestedBy,
      // If the client has a secret, the certificate in it stays the current one.
      ...(client.secretId === undefined && { currentSince: now().toISOString() }),
    };
    await this.assertBelowLimit(client, signal);
    const key = { publicKey, certificateSigningRequest: pem };
    const document = await this.certify(client, key, occasion, signal);
    // Removing a client revokes its certificates in the registry. This one may have been added after that.
    await this.permit(request, signal);
    await this.assertNotRevoked(client, document, signal);
    return document;
  }

  private async certify(client: RegistryClient, key: CertifiedKey, occasion: Occasion, signal: AbortSignal) {
    try {
      return await this.options.issuance.certify(client, key, occasion, signal);
    } catch (error) {
      if (error instanceof KeyRefusedError) throw new CertificateRequestRefusal(400, error.message, { cause: error });
      throw error;
    }
  }

  /** Concurrent requests may exceed the limit by their number. */
  private async assertBelowLimit(client: RegistryClient, signal: AbortSignal): Promise<void> {
    const { registry, now } = this.options;
    const { clientName, certificateLimit = DEFAULT_CERTIFICATE_LIMIT } = client;
    const certificates = await registry.certificatesOf(clientName, signal);
    const accepted = certificates.filter(
      (certificate) => certificate.issuedBy === 'request' && certificateStatus(certificate, now()) === 'ISSUED',
    );
    if (accepted.length < certificateLimit) return;
    throw new CertificateRequestRefusal(
      409,
      `the client has ${accepted.length} valid certificates, and its limit is ${certificateLimit}: ` +
        'wait until one expires, revoke one, or raise the limit',
    );
  }

  /** A request that is repeated within minutes returns the previous certificate, even if that is now revoked. */
  private async assertNotRevoked(
    { clientName }: RegistryClient,
    { fingerprint }: CertificateDocument,
    signal: AbortSignal,
  ) {
    const known = await this.options.registry.getCertificate({ clientName, fingerprint }, signal);
    if (known?.status === 'ISSUED') return;
    throw new CertificateRequestRefusal(400, 'the certificate of this request is revoked: generate another key');
  }

  private async permit({ clientName, callerArn }: HttpCertificateRequest, signal: AbortSignal): Promise<Permission> {
    const requestedBy = callerArn && requesterFromCaller(callerArn);
    const client = await this.options.registry.getClient(clientName, signal);
    const refused = (reason: string) =>
      new CertificateRequestRefusal(403, 'the caller may not request certificates of this client', {
        cause: new NotPermittedError(reason),
      });
    if (!requestedBy) throw refused(`the caller is neither an IAM role nor a user: ${callerArn ?? 'unknown'}`);
    if (client === undefined) throw refused(`the registry has no client ${clientName}`);
    if (client.state !== 'ENABLED') throw refused(`client ${clientName} is disabled`);
    if (!client.requesters?.some((arn) => requesterFromArn(arn) === requestedBy)) {
      throw refused(`${requestedBy} is not allowed to request certificates of client ${clientName}`);
    }
    return { client, requestedBy };
  }
}

/** Checks possession of the key, the key's algorithm, and that all names in the request are the client's. */
function readSigningRequest(pem: string, client: RegistryClient): CertificateSigningRequest {
  const request = parse(pem);
  const keyAlgorithm = keyAlgorithmOf(request.publicKey);
  if (keyAlgorithm !== client.keyAlgorithm) {
    throw new CertificateRequestRefusal(
      400,
      `the key must be ${client.keyAlgorithm}, got ${keyAlgorithm ?? 'another kind'}`,
      { keyAlgorithm: client.keyAlgorithm },
    );
  }
  const { uris, dnsNames } = request.subjectAlternativeNames;
  assertOwn('common name', request.commonNames, [client.clientName]);
  assertOwn('URI', uris, [client.spiffeId]);
  assertOwn('DNS name', dnsNames, client.dnsNames);
  return request;
}

function parse(pem: string): CertificateSigningRequest {
  try {
    return readCertificateSigningRequest(pem);
  } catch (cause) {
    if (!(cause instanceof CertificateSigningRequestError)) throw cause;
    throw new CertificateRequestRefusal(400, cause.message, { cause });
  }
}

function assertOwn(kind: string, requested: readonly string[], own: readonly string[]): void {
  if (requested.every((name) => own.includes(name))) return;
  const allowed = own.join(' or ') || 'absent';
  throw new CertificateRequestRefusal(
    400,
    `the request has a name that is not the client's: a ${kind} must be ${allowed}`,
  );
}
