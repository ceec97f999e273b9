import { CustomResource, Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { EXTERNAL_CLIENT_RESOURCE_TYPE, type ExternalClientProperties } from '../mesh/contract';
import { externalIdentityProblem } from '../mesh/external-identity';
import { clientNameProblem, clientSpiffeIdProblem, spiffeId } from '../mesh/names';
import type { CertificateIssuer } from './certificate-issuer';
import type { ExternalIdentity } from './external-identity';
import { CUSTOM_RESOURCE_TIMEOUT } from './private/mesh-function';
import { checkText, refuse } from './private/validation';
import type { TrustAnchor } from './trust-anchor';

/** Where the certificates of an external client come from. */
export interface ExternalClientOptions {
  /** The authorities that issue them. */
  readonly trustAnchor: TrustAnchor;

  /** Which of those authorities' certificates are this client's; one anchor's are never two clients' by the same identity. */
  readonly identity: ExternalIdentity;
}

/** Properties of an `ExternalClient`. */
export interface ExternalClientProps extends ExternalClientOptions {
  /** A DNS label (RFC 1123) in lower case that starts with a letter; unique among all clients of the mesh. */
  readonly clientName: string;

  /** Whose function registers the client; also gives the trust domain. */
  readonly issuer: CertificateIssuer;
}

/**
 * A client with certificates of its own, from the authority of somebody else.
 *
 * Services know it by its client name and by `spiffe://<trust domain>/<client name>`, as they know any client. That is
 * what the mesh's configuration calls it, and no claim of the other authority, whose names never reach a service. Serial
 * number and fingerprint are those of the certificate that it shows.
 *
 * The certificate must be one for TLS clients, with no URI among its subject alternative names but at most one SPIFFE ID,
 * of another trust domain. The mesh neither renews nor revokes it; whoever disables the client has it refused within
 * seconds.
 *
 * A client goes over to another authority without being refused in between when the anchor's source has both until it
 * shows the certificate of the new one. An identity that stands for one client can't stand for another in the deployment
 * that removes the first, only in a later one. The same holds for the client's name, and so for a construct with another
 * id.
 */
export class ExternalClient extends Construct {
  /** By which services know the client. */
  readonly clientName: string;

  /** `spiffe://<trust domain>/<client name>`, whatever the certificate says. */
  readonly spiffeId: string;

  constructor(scope: Construct, id: string, props: ExternalClientProps) {
    super(scope, id);

    const { clientName, issuer, trustAnchor } = props;
    this.clientName = clientName;
    this.spiffeId = spiffeId(issuer.trustDomain, clientName);
    checkText(this, 'clientName', clientName, clientNameProblem);
    checkText(this, 'spiffeId', this.spiffeId, clientSpiffeIdProblem);
    checkIdentity(this, props);
    trustAnchor._grantRead(issuer.handler);

    const properties: ExternalClientProperties = {
      SpiffeId: this.spiffeId,
      TrustAnchorName: trustAnchor.trustAnchorName,
      TrustAnchor: trustAnchor._properties,
      IdentityKind: props.identity._kind,
      IdentityValue: props.identity._value,
    };
    const registration = new CustomResource(this, 'Registration', {
      resourceType: EXTERNAL_CLIENT_RESOURCE_TYPE,
      serviceToken: issuer.handler.functionArn,
      serviceTimeout: CUSTOM_RESOURCE_TIMEOUT,
      properties,
    });
    if (issuer._truststoreInUse) registration.node.addDependency(issuer._truststoreInUse);
  }
}

/** Tokens pass, and may be each other's equals: the deployment refuses them then. */
function checkIdentity(client: ExternalClient, { identity, issuer, trustAnchor }: ExternalClientProps): void {
  const { _kind: kind, _value: value } = identity;
  if (Token.isUnresolved(value)) return;
  checkText(client, 'identity', value, () => externalIdentityProblem({ kind, value }, issuer.trustDomain));
  const owner = trustAnchor._claim({ kind, value }, client);
  if (owner !== undefined) {
    refuse(
      client,
      'identity',
      `must be unique within the trust anchor`,
      `${JSON.stringify(value)}, which is ${owner}'s`,
    );
  }
}
