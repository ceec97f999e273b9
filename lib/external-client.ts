import { CustomResource, Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { EXTERNAL_CLIENT_RESOURCE_TYPE, type ExternalClientProperties } from '../mesh/custom-resources';
import { externalIdentityProblem } from '../mesh/external-identity';
import { clientNameProblem, clientSpiffeIdProblem, spiffeId } from '../mesh/names';
import type { ExternalIdentity } from './external-identity';
import type { ICertificateIssuer, IMeshClient, ITrustAnchor } from './interfaces';
import { claimClientName, claimIdentity } from './private/identity-claims';
import { CUSTOM_RESOURCE_TIMEOUT } from './private/mesh-function';
import { checkRegion } from './private/mesh-region';
import { checkProps } from './private/properties/check';
import { EXTERNAL_CLIENT_PROPS, identityKind } from './private/properties/interface-kinds';
import { clientTrustAnchorProperties, grantReadCertificates } from './private/trust-anchor-certificates';
import { checkKind, checkKnownText, checkText, refuse } from './private/validation';

/** Options of an external client. */
export interface ExternalClientOptions {
  /** The authority that issues the client's certificates. */
  readonly trustAnchor: ITrustAnchor;

  /** Identifies the client's certificates. Each identity of a trust anchor belongs to one client. */
  readonly identity: ExternalIdentity;
}

/** Properties of an `ExternalClient`. */
export interface ExternalClientProps extends ExternalClientOptions {
  /** A DNS label (RFC 1123) in lower case that starts with a letter; unique among all clients of the mesh. */
  readonly clientName: string;

  /** The issuer, whose function registers the client. It also determines the trust domain. */
  readonly issuer: ICertificateIssuer;
}

/**
 * A client with certificates from an authority outside the mesh.
 *
 * Services know it by its client name and by `spiffe://<trust domain>/<client name>`, like any other client. Both come
 * from the mesh's configuration. Names in the certificate never reach a service. The serial number and fingerprint are
 * those of the certificate that the client presents.
 *
 * The certificate must be valid for TLS client authentication. It may contain at most one URI subject alternative name,
 * which must be a SPIFFE ID of another trust domain. The mesh neither renews nor revokes the certificate. If you disable
 * the client, the gateway refuses it within seconds.
 *
 * To move a client to another authority without a refused request, keep both authorities in the trust anchor's source
 * until the client presents the new certificate. A deployment that removes a client can't add a client with another name and
 * the same identity. Do that in a later deployment.
 *
 * If the trust anchor has several issuing authorities, the identity counts from each of them: choose a trust anchor with one
 * authority if they don't all name the same clients.
 */
export class ExternalClient extends Construct implements IMeshClient {
  /** The name that services know the client by. */
  readonly clientName: string;

  /** `spiffe://<trust domain>/<client name>`, whatever the certificate contains. */
  readonly spiffeId: string;

  constructor(scope: Construct, id: string, props: ExternalClientProps) {
    super(scope, id);

    checkProps(this, props, EXTERNAL_CLIENT_PROPS);
    const { clientName, issuer, trustAnchor, identity } = props;
    this.clientName = clientName;
    this.spiffeId = spiffeId(issuer.trustDomain, clientName);
    checkKnownText(this, 'clientName', clientName, clientNameProblem);
    checkRegion(this, issuer);
    claimClientName(this, issuer, clientName);
    checkText(this, 'spiffeId', this.spiffeId, clientSpiffeIdProblem);
    checkIdentity(this, props);
    grantReadCertificates(trustAnchor, issuer.deploymentHandler);
    issuer.serveStackOf(this);

    const properties: ExternalClientProperties = {
      SpiffeId: this.spiffeId,
      TrustAnchorName: trustAnchor.trustAnchorName,
      TrustAnchor: clientTrustAnchorProperties(trustAnchor),
      IdentityKind: identity.kind,
      IdentityValue: identity.value,
    };
    const registration = new CustomResource(this, 'Registration', {
      resourceType: EXTERNAL_CLIENT_RESOURCE_TYPE,
      serviceToken: issuer.deploymentHandler.functionArn,
      serviceTimeout: CUSTOM_RESOURCE_TIMEOUT,
      properties,
    });
    if (issuer.truststoreInUse) registration.node.addDependency(issuer.truststoreInUse);
  }
}

/** Tokens can't be compared. The deployment rejects two that have the same value. */
function checkIdentity(client: ExternalClient, { identity, issuer, trustAnchor }: ExternalClientProps): void {
  const { kind, value } = identity;
  checkKind(client, 'identity.kind', kind, identityKind);
  if (Token.isUnresolved(value)) return;
  checkText(client, 'identity', value, () => externalIdentityProblem({ kind, value }, issuer.trustDomain));
  const owner = claimIdentity(trustAnchor, { kind, value }, client);
  if (owner !== client.node.path) {
    const rule = 'must be unique within the trust anchor';
    refuse(client, 'identity', rule, `${JSON.stringify(value)}, which belongs to ${owner}`);
  }
}
