import type { ClientCertificateAttributes } from '../../../mesh/contract';
import { clientNameOf } from '../../../mesh/names';
import type { Attributes } from '../../custom-resource/answer';
import type { CustomResource } from '../../custom-resource/custom-resource';
import { PropertyError } from '../../custom-resource/properties';
import { type CustomResourceRequest, type ResourceProperties, resourceOf } from '../../custom-resource/request';
import type { Log } from '../../log';
import { readCertificateOrder, readOverlap, readRequesters, readSecretId, readSpiffeId } from './certificate-order';
import type { CertificateRevoker } from '../../../registry/revocation';
import { type ClientProfile, ClientTakenError, type Registry } from '../registry';
import type { SecretVersions } from './secret-versions';
import type { Succession } from './promotion';

const DEPLOYMENT = 'deployment';

/**
 * `Custom::MtlsClientCertificate`: a client in the registry and, unless it keeps its own key, its first certificate, and
 * another one whenever a property changes. The request's id is the id of the secret's version, so that an event delivered
 * twice makes no second certificate.
 */
export class ClientCertificate implements CustomResource {
  constructor(
    private readonly trustDomain: string,
    private readonly registry: Pick<Registry, 'getClient' | 'registerClient' | 'removeClient' | 'certificatesOf'>,
    private readonly versions: SecretVersions,
    private readonly succession: Succession,
    private readonly revoker: CertificateRevoker,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  identify(properties: ResourceProperties): string {
    return readSpiffeId(properties);
  }

  async apply(request: CustomResourceRequest, signal: AbortSignal): Promise<Attributes> {
    const { properties, requestId } = request;
    const order = readCertificateOrder(properties);
    if (clientNameOf(order.spiffeId, this.trustDomain) === undefined) {
      throw new PropertyError('SpiffeId', `must be of the issuer's trust domain ${this.trustDomain}`, order.spiffeId);
    }
    const secretId = readSecretId(properties);
    const declaredBy = resourceOf(request);
    const profile = { ...order, ...readOverlap(properties), ...readRequesters(properties), secretId, declaredBy };
    await this.register(profile, signal);
    if (secretId === undefined) return {};

    const version = { secretId, secretVersionId: requestId, stage: 'DEPLOYMENT', issuedBy: DEPLOYMENT } as const;
    const filled = await this.versions.fill(order, version, signal);
    const { secret } = filled;
    if (!(await this.succession.succeed(filled, profile, signal))) {
      // The event is an old one that was delivered again, or a rotation with the same properties came after it.
      this.log({ event: 'deployment-replaced', client: secret.clientName, secretVersionId: requestId });
    }
    return {
      SerialNumber: secret.serialNumber,
      NotAfter: secret.notAfter,
      Fingerprint: secret.fingerprint,
      VersionId: requestId,
    } satisfies ClientCertificateAttributes;
  }

  /**
   * Cuts the client off: the authorizer no longer knows it. The secret belongs to the template and goes with it.
   * A client of another trust domain is not in this registry: its name may be that of one who is. One that another
   * resource declares stays, when this one was refused its name.
   */
  async remove(request: CustomResourceRequest, signal: AbortSignal): Promise<void> {
    const clientName = clientNameOf(readSpiffeId(request.properties), this.trustDomain);
    if (clientName === undefined) return;
    const { declaredBy = resourceOf(request) } = (await this.registry.getClient(clientName, signal)) ?? {};
    if (declaredBy !== resourceOf(request)) return;
    await this.registry.removeClient(clientName, signal);
    this.log({ event: 'client-removed', client: clientName });
    for (const certificate of await this.registry.certificatesOf(clientName, signal)) {
      await this.revoker.revoke(certificate, { by: DEPLOYMENT, reason: 'CESSATION_OF_OPERATION' }, signal);
    }
  }

  private async register(profile: Omit<ClientProfile, 'updatedAt' | 'updatedBy'>, signal: AbortSignal): Promise<void> {
    const updated = { updatedAt: this.now().toISOString(), updatedBy: DEPLOYMENT };
    const other = await this.registry.registerClient({ ...profile, ...updated }, signal);
    if (other !== undefined) throw new ClientTakenError(profile.clientName, other);
    this.log({ event: 'client-registered', client: profile.clientName });
  }
}
