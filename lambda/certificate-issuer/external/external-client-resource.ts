import type { X509Certificate } from 'node:crypto';
import type { Log } from '../../../aws/cloudwatch';
import type { ObjectReader } from '../../../aws/s3';
import type { ExternalClientProperties, TrustAnchorProperties } from '../../../mesh/custom-resources';
import { type CertificateIdentity, canonicalIdentity, externalIdentityProblem } from '../../../mesh/external-identity';
import { clientNameFromSpiffeId, clientNameProblem } from '../../../mesh/names';
import { notAfterOf, subjectText } from '../../../pki/certificate-fields';
import { CERTIFICATE_IDENTITY_KINDS } from '../../../pki/certificate-identity';
import { encodePem, PemError, readCertificates } from '../../../pki/pem';
import { identityId } from '../../../registry/records';
import { ClientTakenError, type Registry } from '../../../registry/registry';
import type { CustomResourceHandler } from '../../custom-resource/custom-resource';
import { choiceProperty, textProperty } from '../../custom-resource/properties';
import {
  type CustomResourceRequest,
  type ResourceProperties,
  recordedTime,
  resourceOf,
} from '../../custom-resource/request';
import { trustAnchorPem, trustAnchorProperty } from '../../custom-resource/trust-anchor';
import { clientNameInTrustDomain, readSpiffeId } from '../issue/certificate-order';

/** The client can't be registered as the template declares it. */
class ExternalClientError extends Error {
  override readonly name = 'ExternalClientError';
}

interface Declaration {
  readonly clientName: string;
  readonly spiffeId: string;
  readonly trustAnchor: string;
  readonly source: TrustAnchorProperties;
  readonly identity: CertificateIdentity;
}

const name = (property: keyof ExternalClientProperties) => property;

export interface ExternalClientResourceOptions {
  readonly trustDomain: string;
  readonly registry: Pick<
    Registry,
    'getExternalClient' | 'registerExternalClient' | 'removeExternalClient' | 'addIdentity' | 'removeIdentity'
  >;
  readonly objects: Pick<ObjectReader, 'readObject'>;
  readonly log: Log;
}

/**
 * `Custom::MtlsExternalClient`: a client with certificates of another authority. The registry maps each authority of
 * the trust anchor, together with the client's identity, to the client.
 *
 * The client's item lists these identities before they are written and until they are removed, so the next run finds
 * everything that an interrupted run has left behind.
 */
export class ExternalClientResource implements CustomResourceHandler {
  readonly removesOnlyItsOwn = true;

  constructor(private readonly options: ExternalClientResourceOptions) {}

  identify(properties: ResourceProperties): string {
    return `external:${readSpiffeId(properties)}`;
  }

  /** Adds new identities before it removes old ones. An identity that is in both versions is always accepted. */
  async apply(request: CustomResourceRequest, signal: AbortSignal): Promise<Record<string, never>> {
    const { registry, objects, log } = this.options;
    const { clientName, spiffeId, trustAnchor, source, identity } = this.read(request.properties);
    const authorities = readAuthorities(await trustAnchorPem(source, objects, signal), trustAnchor);
    const wanted = new Map(authorities.map((authority) => [identityId(authority.subject, identity), authority]));
    const known = (await registry.getExternalClient(clientName, signal))?.identityIds ?? [];

    const register = async (identityIds: readonly string[]) => {
      const other = await registry.registerExternalClient(
        {
          clientName,
          spiffeId,
          trustAnchor,
          identityKind: identity.kind,
          identityValue: identity.value,
          authoritiesNotAfter: firstExpiry(authorities),
          identityIds,
          registeredBy: resourceOf(request),
          updatedAt: recordedTime(request).toISOString(),
          updatedBy: 'deployment',
        },
        request.requestType === 'Update',
        signal,
      );
      if (other !== undefined) throw new ClientTakenError(clientName, other);
    };
    await register([...new Set([...known, ...wanted.keys()])]);
    for (const [id, authority] of wanted) await this.addIdentity(id, authority, clientName, identity, signal);
    const former = known.filter((id) => !wanted.has(id));
    for (const id of former) await registry.removeIdentity(id, clientName, signal);
    if (former.length > 0) await register([...wanted.keys()]);

    log({ event: 'external-client-registered', client: clientName, trustAnchor, identity, removed: former.length });
    return {};
  }

  /** Keeps a client that another resource, or a later request, has registered under the same name. */
  async remove(request: CustomResourceRequest, signal: AbortSignal): Promise<void> {
    const { trustDomain, registry, log } = this.options;
    const clientName = clientNameFromSpiffeId(readSpiffeId(request.properties), trustDomain);
    if (clientName === undefined) return;
    const registeredBy = resourceOf(request);
    const known = await registry.getExternalClient(clientName, signal);
    const removedAt = recordedTime(request);
    if (known?.registeredBy !== registeredBy || Number(known.registeredRevision) > removedAt.getTime()) return;
    for (const id of known.identityIds) await registry.removeIdentity(id, clientName, signal);
    await registry.removeExternalClient(clientName, registeredBy, removedAt.toISOString(), signal);
    log({ event: 'external-client-removed', client: clientName });
  }

  private async addIdentity(
    id: string,
    authority: X509Certificate,
    clientName: string,
    { kind, value }: CertificateIdentity,
    signal: AbortSignal,
  ): Promise<void> {
    const pem = encodePem('CERTIFICATE', authority.raw);
    const other = await this.options.registry.addIdentity(
      id,
      { clientName, authority: pem, authorityNotAfter: notAfterOf(authority).toISOString() },
      signal,
    );
    if (other === undefined) return;
    throw new ExternalClientError(
      `${kind} ${JSON.stringify(value)} of "${subjectText(authority)}" already identifies client ${other}, ` +
        `and can't identify ${clientName} as well: remove that client in an earlier deployment`,
    );
  }

  private read(properties: ResourceProperties): Declaration {
    const { trustDomain } = this.options;
    const spiffeId = readSpiffeId(properties);
    const clientName = clientNameInTrustDomain(spiffeId, trustDomain);
    const kind = choiceProperty(properties, name('IdentityKind'), CERTIFICATE_IDENTITY_KINDS);
    const problem = (value: string) => externalIdentityProblem({ kind, value }, trustDomain);
    const value = textProperty(properties, name('IdentityValue'), problem);
    return {
      clientName,
      spiffeId,
      trustAnchor: textProperty(properties, name('TrustAnchorName'), clientNameProblem),
      source: trustAnchorProperty(properties, name('TrustAnchor')),
      identity: canonicalIdentity({ kind, value }),
    };
  }
}

function readAuthorities(pem: string, trustAnchor: string): readonly X509Certificate[] {
  try {
    const authorities = readCertificates(pem);
    const other = authorities.find(({ ca, subject }) => !ca || !subject);
    if (other === undefined) return authorities;
    throw new ExternalClientError(
      `trust anchor ${trustAnchor} contains the certificate "${subjectText(other)}", which is not a CA certificate`,
    );
  } catch (cause) {
    if (!(cause instanceof PemError)) throw cause;
    throw new ExternalClientError(`trust anchor ${trustAnchor} cannot be read: ${cause.message}`, { cause });
  }
}

function firstExpiry(authorities: readonly X509Certificate[]): string {
  return new Date(Math.min(...authorities.map((authority) => notAfterOf(authority).getTime()))).toISOString();
}
