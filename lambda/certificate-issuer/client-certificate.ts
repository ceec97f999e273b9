import { parseClientSecret, verifyClientSecret } from '../../pki/client-secret';
import type { ClientCertificateAttributes, ClientSecret } from '../../pki/contract';
import type { CustomResource } from '../custom-resource/custom-resource';
import type { CustomResourceRequest, ResourceProperties } from '../custom-resource/request';
import type { Log } from '../log';
import type { CertificateIssuer } from './certificate-issuer';
import { type CertificateOrder, readCertificateOrder, readSecretId, readSpiffeId } from './certificate-order';

/** Where clients find their certificates. */
export interface SecretStore {
  /** The value of one version; undefined when there is no such version, or no value in it yet. */
  getVersion(secretId: string, versionId: string, signal: AbortSignal): Promise<string | undefined>;
  /** Adds a version and makes it current; false when there is one of that id with another value. */
  putCurrentVersion(secretId: string, versionId: string, value: string, signal: AbortSignal): Promise<boolean>;
}

/** The secret's version for a request exists and can't be the answer to it. */
export class SecretVersionError extends Error {
  override readonly name = 'SecretVersionError';
}

/**
 * `Custom::MtlsClientCertificate`: the first certificate of a client, and another one whenever a property changes.
 * The request's id is the id of the secret's version, so that an event delivered twice makes no second certificate.
 */
export class ClientCertificate implements CustomResource {
  constructor(
    private readonly issuer: Pick<CertificateIssuer, 'issue'>,
    private readonly secrets: SecretStore,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  identify(properties: ResourceProperties): string {
    return readSpiffeId(properties);
  }

  async apply({ properties, requestId }: CustomResourceRequest, signal: AbortSignal) {
    const order = readCertificateOrder(properties);
    const secretId = readSecretId(properties);
    const secret =
      (await this.find(order, secretId, requestId, signal)) ?? (await this.issue(order, secretId, requestId, signal));
    return {
      SerialNumber: secret.serialNumber,
      NotAfter: secret.notAfter,
      Fingerprint: secret.fingerprint,
      VersionId: requestId,
    } satisfies ClientCertificateAttributes;
  }

  /** The secret belongs to the template and goes with it; deleting a certificate does not revoke it. */
  async remove(): Promise<void> {}

  /** What an earlier delivery of the same request has stored. */
  private async find(
    order: CertificateOrder,
    secretId: string,
    requestId: string,
    signal: AbortSignal,
  ): Promise<ClientSecret | undefined> {
    const value = await this.secrets.getVersion(secretId, requestId, signal);
    if (value === undefined) return undefined;
    const secret = parseClientSecret(value);
    verifyClientSecret(secret, this.now());
    if (secret.spiffeId !== order.spiffeId) {
      throw new SecretVersionError(`version ${requestId} of ${secretId} holds the certificate of ${secret.spiffeId}`);
    }
    const { serialNumber } = secret;
    this.log({ event: 'certificate-found', client: order.clientName, serialNumber, requestId });
    return secret;
  }

  private async issue(
    order: CertificateOrder,
    secretId: string,
    requestId: string,
    signal: AbortSignal,
  ): Promise<ClientSecret> {
    const secret = await this.issuer.issue(order, requestId, signal);
    signal.throwIfAborted();
    if (await this.secrets.putCurrentVersion(secretId, requestId, JSON.stringify(secret), signal)) {
      const { serialNumber } = secret;
      this.log({ event: 'secret-stored', client: order.clientName, serialNumber, versionId: requestId, requestId });
      return secret;
    }
    // Lambda may run the same event twice at once; the other run was first.
    const stored = await this.find(order, secretId, requestId, signal);
    if (stored === undefined) throw new SecretVersionError(`version ${requestId} of ${secretId} has no value`);
    return stored;
  }
}
