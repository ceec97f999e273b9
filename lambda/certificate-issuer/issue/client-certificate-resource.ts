import type { Log } from '../../../aws/cloudwatch';
import type { SecretsManager } from '../../../aws/secrets-manager';
import type { ClientCertificateAttributes, ClientCertificateProperties } from '../../../mesh/custom-resources';
import { clientNameFromSecretArn, clientNameFromSpiffeId, secretName } from '../../../mesh/names';
import { accountIdIn } from '../../../mesh/other-accounts';
import type { ClientProfile } from '../../../registry/client-kinds';
import { ClientTakenError, type Registry } from '../../../registry/registry';
import type { Revocation } from '../../../registry/revocation';
import { type RevocableCertificate, revocableIn } from '../../../registry/stored-records';
import type { RegistrySurvey } from '../../../registry/survey';
import type { Attributes } from '../../custom-resource/answer';
import type { CustomResourceHandler } from '../../custom-resource/custom-resource';
import { PropertyError } from '../../custom-resource/properties';
import {
  type CustomResourceRequest,
  type ResourceProperties,
  recordedTime,
  resourceOf,
} from '../../custom-resource/request';
import { inGroups } from '../groups';
import {
  clientNameInTrustDomain,
  readCertificateLimit,
  readCertificateOrder,
  readOverlap,
  readRequesters,
  readSecretId,
  readSpiffeId,
} from './certificate-order';
import type { Promotion } from './promotion';
import type { SecretVersions } from './secret-versions';

const DEPLOYMENT = 'deployment';

/** How many certificates are revoked at the same time. Their events share a call. */
const GROUP = 10;

/** The deployment takes the client's secret out of the stack. */
class SecretLeavesError extends Error {
  override readonly name = 'SecretLeavesError';

  constructor(clientName: string) {
    super(
      `adoptSecret would take the secret of client ${clientName} out of its stack, and by default CloudFormation would delete it: ` +
        'leave adoptSecret out, which is for a secret that an earlier stack or client has left behind',
    );
  }
}

export interface ClientCertificateResourceOptions {
  readonly trustDomain: string;
  readonly registry: Pick<Registry, 'registerClient' | 'removeClient'>;
  readonly survey: Pick<RegistrySurvey, 'clientRecords'>;
  readonly secrets: Pick<SecretsManager, 'arnOf'>;
  readonly versions: SecretVersions;
  readonly promotion: Promotion;
  readonly revocation: Pick<Revocation, 'revoke'>;
  readonly log: Log;
}

/**
 * `Custom::MtlsClientCertificate`: a client in the registry. Unless the client keeps its own key, this resource also
 * issues its first certificate, and a new one when a property changes. The request's ID becomes the ID of the secret's
 * version, so an event that is delivered twice issues only one certificate.
 */
export class ClientCertificateResource implements CustomResourceHandler {
  readonly removesOnlyItsOwn = true;

  constructor(private readonly options: ClientCertificateResourceOptions) {}

  identify(properties: ResourceProperties): string {
    return readSpiffeId(properties);
  }

  async apply(request: CustomResourceRequest, signal: AbortSignal): Promise<Attributes> {
    const { trustDomain, versions, promotion, log } = this.options;
    const { properties, requestId } = request;
    const order = readCertificateOrder(properties);
    const clientName = clientNameInTrustDomain(order.spiffeId, trustDomain);
    assertSecretStays(request, clientName, trustDomain);
    const secretId = await this.secretArn(readSecretId(properties, clientName, trustDomain), signal);
    if (secretId !== undefined) assertInAccountOf(request, secretId);
    const profile = {
      ...order,
      ...readOverlap(properties),
      ...readCertificateLimit(properties),
      ...readRequesters(properties),
      secretId,
      declaredBy: resourceOf(request),
    };
    await this.register(profile, request, signal);
    if (secretId === undefined) return {};

    const version = { secretId, secretVersionId: requestId, stage: 'DEPLOYMENT', issuedBy: DEPLOYMENT } as const;
    const filled = await versions.fill(order, version, signal);
    const { secret } = filled;
    if (!(await promotion.promote(filled, profile, signal))) {
      // Lambda delivered an old event again, or a rotation with the same properties has issued a later certificate.
      log({ event: 'deployment-replaced', client: secret.clientName, secretVersionId: requestId });
    }
    return {
      SerialNumber: secret.serialNumber,
      NotAfter: secret.notAfter,
      Fingerprint: secret.fingerprint,
      VersionId: requestId,
    } satisfies ClientCertificateAttributes;
  }

  /**
   * Removes the client from the registry, so that the authorizer refuses it. CloudFormation removes the secret, which
   * is a resource of the template. A client that another resource declares stays, because this resource never owned its
   * name. A client of another trust domain is not in this registry.
   */
  async remove(request: CustomResourceRequest, signal: AbortSignal): Promise<void> {
    const { trustDomain, registry, survey, revocation, log } = this.options;
    const clientName = clientNameFromSpiffeId(readSpiffeId(request.properties), trustDomain);
    if (clientName === undefined) return;
    const removedAt = recordedTime(request).toISOString();
    if (!(await registry.removeClient(clientName, resourceOf(request), removedAt, signal))) return;
    log({ event: 'client-removed', client: clientName });
    const certificates: RevocableCertificate[] = [];
    for await (const record of survey.clientRecords(clientName, signal)) {
      const certificate = revocableIn(record);
      if (certificate !== undefined) certificates.push(certificate);
      if (record.kind !== 'malformed') continue;
      const { key, problem } = record.malformed;
      log({ event: 'registry-item-malformed', ...key, reason: problem });
    }
    // Those with malformed items too: a client that is added again with the same name could use them.
    const cessation = { by: DEPLOYMENT, reason: 'CESSATION_OF_OPERATION' } as const;
    await inGroups(certificates, GROUP, (certificate) => revocation.revoke(certificate, cessation, signal));
  }

  /** An adopted secret is declared by its name. */
  private async secretArn(secretId: string | undefined, signal: AbortSignal): Promise<string | undefined> {
    return secretId === undefined || secretId.startsWith('arn:')
      ? secretId
      : this.options.secrets.arnOf(secretId, signal);
  }

  private async register(
    profile: Omit<ClientProfile, 'updatedAt' | 'updatedBy'>,
    request: CustomResourceRequest,
    signal: AbortSignal,
  ): Promise<void> {
    const { registry, log } = this.options;
    const updated = { updatedAt: recordedTime(request).toISOString(), updatedBy: DEPLOYMENT };
    const other = await registry.registerClient({ ...profile, ...updated }, request.requestType === 'Update', signal);
    if (other !== undefined) throw new ClientTakenError(profile.clientName, other);
    log({ event: 'client-registered', client: profile.clientName });
  }
}

/**
 * A secret that leaves the template is deleted at the end of the deployment, while the client has just got a certificate in it.
 *
 * @throws SecretLeavesError if the client adopts the secret that it has in its stack
 */
function assertSecretStays(
  { requestType, properties, oldProperties }: CustomResourceRequest,
  clientName: string,
  trustDomain: string,
): void {
  if (requestType !== 'Update') return;
  const [before, after] = [oldProperties, properties].map((given) =>
    String(given['SecretId' satisfies keyof ClientCertificateProperties]),
  );
  const isOwn = clientNameFromSecretArn(String(before), trustDomain) === clientName;
  if (isOwn && after === secretName(trustDomain, clientName)) throw new SecretLeavesError(clientName);
}

/**
 * A stack of one account must not have the issuer write into a secret of another, even if the issuer may.
 * @throws PropertyError
 */
function assertInAccountOf({ stackId }: CustomResourceRequest, secretArn: string): void {
  if (accountIdIn(secretArn) === accountIdIn(stackId)) return;
  const problem = 'must be a secret in the account of the stack, and an ARN in another account than that of the mesh';
  throw new PropertyError('SecretId' satisfies keyof ClientCertificateProperties, problem, secretArn);
}
