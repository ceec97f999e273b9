import {
  type CertificateSigningRequest,
  CertificateSigningRequestError,
  readCertificateSigningRequest,
} from '../../../pki/certificate-signing-request';
import type { CertificateDocument } from '../../../mesh/contract';
import { commonNamesIn } from '../../../pki/distinguished-name';
import { keyAlgorithmOf } from '../../../pki/keys';
import type { RegistryClient } from '../../../registry/records';
import type { Log } from '../../log';
import type { CertificateIssuer, Occasion } from '../issue/issuance';
import type { Registry } from '../registry';
import type { RequestEvent } from './request-event';
import { RequestRefusal } from './request-refusal';
import { callerOf, requesterOf } from '../../../mesh/requester';

/** Why a caller may not ask. It stays in the log: a caller does not learn which clients there are. */
class NotPermittedError extends Error {
  override readonly name = 'NotPermittedError';
}

interface Permission {
  readonly client: RegistryClient;
  /** The IAM role or user who asks. */
  readonly requestedBy: string;
}

/**
 * Has certificates issued for keys that their clients keep. Whoever asks must be granted the client, and prove to hold the
 * key; the identity comes from the registry, whatever the request says.
 */
export class ClientRequest {
  constructor(
    private readonly registry: Pick<Registry, 'getClient' | 'getCertificate'>,
    private readonly issuer: Pick<CertificateIssuer, 'certify'>,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  /** @throws RequestRefusal */
  async run(request: RequestEvent, signal: AbortSignal): Promise<CertificateDocument> {
    const { client, requestedBy } = await this.permit(request, signal);
    this.log({ event: 'client-request', client: client.clientName, requestedBy });
    const { pem, publicKey } = readRequest(request.certificateSigningRequest, client);

    const occasion: Occasion = {
      issuedBy: 'request',
      requestedBy,
      // The certificate in the secret, where there is one, stays the client's current one.
      ...(client.secretId === undefined && { currentSince: this.now().toISOString() }),
    };
    const key = { publicKey, certificateSigningRequest: pem };
    const document = await this.issuer.certify(client, key, occasion, signal);
    // When a client is removed, the certificates that there are then are revoked. This one may have come after.
    await this.permit(request, signal);
    await this.assertNotRevoked(client, document, signal);
    return document;
  }

  /** A request that is repeated within minutes gets the certificate that it got before, whatever became of that. */
  private async assertNotRevoked(
    { clientName }: RegistryClient,
    { fingerprint }: CertificateDocument,
    signal: AbortSignal,
  ) {
    const known = await this.registry.getCertificate({ clientName, fingerprint }, signal);
    if (known?.status === 'ISSUED') return;
    throw new RequestRefusal(400, 'the certificate of this request is revoked: make another key');
  }

  private async permit({ clientName, callerArn }: RequestEvent, signal: AbortSignal): Promise<Permission> {
    const requestedBy = callerArn && callerOf(callerArn);
    const client = await this.registry.getClient(clientName, signal);
    const refused = (reason: string) =>
      new RequestRefusal(403, 'the caller may not ask for certificates of this client', {
        cause: new NotPermittedError(reason),
      });
    if (!requestedBy) throw refused(`the caller is neither an IAM role nor a user: ${callerArn ?? 'unknown'}`);
    if (client === undefined) throw refused(`the registry knows no client ${clientName}`);
    if (client.state !== 'ENABLED') throw refused(`client ${clientName} is disabled`);
    if (!client.requesters?.some((arn) => requesterOf(arn) === requestedBy)) {
      throw refused(`${requestedBy} is not granted requests of client ${clientName}`);
    }
    return { client, requestedBy };
  }
}

/** Proof of possession, a key as the client must have it, and no name but the client's own. */
function readRequest(pem: string, client: RegistryClient): CertificateSigningRequest {
  const request = parse(pem);
  const keyAlgorithm = keyAlgorithmOf(request.publicKey);
  if (keyAlgorithm !== client.keyAlgorithm) {
    throw new RequestRefusal(400, `the key must be ${client.keyAlgorithm}, got ${keyAlgorithm ?? 'another kind'}`);
  }
  const { uris, dnsNames } = request.subjectAlternativeNames;
  assertOwn('common name', commonNamesIn(request.subject), [client.clientName]);
  assertOwn('URI', uris, [client.spiffeId]);
  assertOwn('DNS name', dnsNames, client.dnsNames);
  return request;
}

function parse(pem: string): CertificateSigningRequest {
  try {
    return readCertificateSigningRequest(pem);
  } catch (cause) {
    if (!(cause instanceof CertificateSigningRequestError)) throw cause;
    throw new RequestRefusal(400, cause.message, { cause });
  }
}

function assertOwn(kind: string, asked: readonly string[], own: readonly string[]): void {
  if (asked.every((name) => own.includes(name))) return;
  throw new RequestRefusal(400, `the request names somebody else: a ${kind} must be ${own.join(' or ') || 'left out'}`);
}
