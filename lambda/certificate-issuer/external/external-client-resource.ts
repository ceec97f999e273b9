import type { X509Certificate } from 'node:crypto';
import { notAfterOf, subjectText } from '../../../pki/certificate-fields';
import {
  brokenIdentityRule,
  CERTIFICATE_IDENTITY_KINDS,
  type CertificateIdentity,
  canonicalIdentity,
} from '../../../pki/certificate-identity';
import { type ExternalClientProperties, identityId, type TrustAnchorProperties } from '../../../mesh/external-clients';
import { brokenClientNameRule, clientNameOf, isOfTrustDomain } from '../../../mesh/names';
import { encodePem, PemError, readCertificates } from '../../../pki/pem';
import type { CustomResource } from '../../custom-resource/custom-resource';
import { choiceProperty, PropertyError, textProperty } from '../../custom-resource/properties';
import { type CustomResourceRequest, type ResourceProperties, resourceOf } from '../../custom-resource/request';
import type { Log } from '../../log';
import type { ObjectReader } from '../../object-reader';
import { trustAnchorPem, trustAnchorProperty } from '../../custom-resource/trust-anchor';
import { readSpiffeId } from '../issue/certificate-order';
import { ClientTakenError, type ExternalRegistry } from '../registry';

/** The client can't be what the template asks for. */
class ExternalClientError extends Error {
  override readonly name = 'ExternalClientError';
}

interface Order {
  readonly clientName: string;
  readonly spiffeId: string;
  readonly trustAnchor: string;
  readonly source: TrustAnchorProperties;
  readonly identity: CertificateIdentity;
}

type PropertyName = keyof ExternalClientProperties;
const name = (property: PropertyName) => property;

/**
 * `Custom::MtlsExternalClient`: a client whose certificates come from another authority. In the registry, each of the
 * trust anchor's authorities together with the client's identity leads to the client.
 *
 * The client's item lists what may lead to it before that is written and until it is gone, so that a run which is cut off
 * leaves nothing that the next one doesn't find.
 */
export class ExternalClient implements CustomResource {
  constructor(
    private readonly trustDomain: string,
    private readonly registry: ExternalRegistry,
    private readonly objects: ObjectReader,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  identify(properties: ResourceProperties): string {
    return `external:${readSpiffeId(properties)}`;
  }

  /** New identities are good before old ones end, and one that stays is never refused. */
  async apply(request: CustomResourceRequest, signal: AbortSignal): Promise<Record<string, never>> {
    const { clientName, spiffeId, trustAnchor, source, identity } = this.read(request.properties);
    const authorities = readAuthorities(await trustAnchorPem(source, this.objects, signal), trustAnchor);
    const wanted = new Map(authorities.map((authority) => [identityId(authority.subject, identity), authority]));
    const known = (await this.registry.getExternalClient(clientName, signal))?.identityIds ?? [];

    const register = async (identityIds: readonly string[]) => {
      const other = await this.registry.registerExternalClient(
        {
          clientName,
          spiffeId,
          trustAnchor,
          identityKind: identity.kind,
          identityValue: identity.value,
          authoritiesNotAfter: firstEnd(authorities),
          identityIds,
          registeredBy: resourceOf(request),
          updatedAt: this.now().toISOString(),
          updatedBy: 'deployment',
        },
        signal,
      );
      if (other !== undefined) throw new ClientTakenError(clientName, other);
    };
    await register([...new Set([...known, ...wanted.keys()])]);
    for (const [id, authority] of wanted) await this.lead(id, authority, clientName, identity, signal);
    const former = known.filter((id) => !wanted.has(id));
    for (const id of former) await this.registry.removeIdentity(id, clientName, signal);
    if (former.length > 0) await register([...wanted.keys()]);

    this.log({ event: 'external-client-registered', client: clientName, trustAnchor, identity, ended: former.length });
    return {};
  }

  /** What another resource has registered under the name is left alone. */
  async remove(request: CustomResourceRequest, signal: AbortSignal): Promise<void> {
    const clientName = clientNameOf(readSpiffeId(request.properties), this.trustDomain);
    if (clientName === undefined) return;
    const registeredBy = resourceOf(request);
    const known = await this.registry.getExternalClient(clientName, signal);
    if (known?.registeredBy !== registeredBy) return;
    for (const id of known.identityIds) await this.registry.removeIdentity(id, clientName, signal);
    await this.registry.removeExternalClient(clientName, registeredBy, signal);
    this.log({ event: 'external-client-removed', client: clientName });
  }

  private async lead(
    id: string,
    authority: X509Certificate,
    clientName: string,
    { kind, value }: CertificateIdentity,
    signal: AbortSignal,
  ): Promise<void> {
    const pem = encodePem('CERTIFICATE', authority.raw);
    const other = await this.registry.addIdentity(id, { clientName, authority: pem }, signal);
    if (other === undefined) return;
    throw new ExternalClientError(
      `${kind} ${JSON.stringify(value)} of "${subjectText(authority)}" stands for client ${other}, ` +
        `so it can't stand for ${clientName} as well: remove that client in a deployment before`,
    );
  }

  private read(properties: ResourceProperties): Order {
    const spiffeId = readSpiffeId(properties);
    const clientName = clientNameOf(spiffeId, this.trustDomain);
    if (clientName === undefined) {
      throw new PropertyError(name('SpiffeId'), `must be of the issuer's trust domain ${this.trustDomain}`, spiffeId);
    }
    const kind = choiceProperty(properties, name('IdentityKind'), CERTIFICATE_IDENTITY_KINDS);
    const value = textProperty(properties, name('IdentityValue'), (given) => this.brokenRule({ kind, value: given }));
    return {
      clientName,
      spiffeId,
      trustAnchor: textProperty(properties, name('TrustAnchorName'), brokenClientNameRule),
      source: trustAnchorProperty(properties, name('TrustAnchor')),
      identity: canonicalIdentity({ kind, value }),
    };
  }

  private brokenRule(identity: CertificateIdentity): string | undefined {
    if (identity.kind === 'SPIFFE_ID' && isOfTrustDomain(identity.value, this.trustDomain)) {
      return `must not be of the mesh's own trust domain ${this.trustDomain}`;
    }
    return brokenIdentityRule(identity);
  }
}

function readAuthorities(pem: string, trustAnchor: string): readonly X509Certificate[] {
  try {
    const authorities = readCertificates(pem);
    const other = authorities.find(({ ca, subject }) => !ca || !subject);
    if (other === undefined) return authorities;
    throw new ExternalClientError(
      `trust anchor ${trustAnchor} holds the certificate "${subjectText(other)}", which is no authority's`,
    );
  } catch (cause) {
    if (!(cause instanceof PemError)) throw cause;
    throw new ExternalClientError(`trust anchor ${trustAnchor} cannot be read: ${cause.message}`, { cause });
  }
}

function firstEnd(authorities: readonly X509Certificate[]): string {
  return new Date(Math.min(...authorities.map((authority) => notAfterOf(authority).getTime()))).toISOString();
}
