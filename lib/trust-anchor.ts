import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { TrustAnchorProperties } from '../mesh/contract';
import { type CertificateIdentity, canonicalIdentity } from '../mesh/external-identity';
import { clientNameProblem } from '../mesh/names';
import { checkText } from './private/validation';
import type { TrustAnchorSource } from './trust-anchor-source';
import type { Truststore } from './truststore';

/** Properties of a `TrustAnchor`. */
export interface TrustAnchorProps {
  /**
   * By which the registry and operators know the anchor: a DNS label (RFC 1123) in lower case that starts with a letter.
   */
  readonly trustAnchorName: string;

  /** Where its certificates come from. */
  readonly source: TrustAnchorSource;

  /** The truststore that publishes them, together with the mesh's own authorities. */
  readonly truststore: Truststore;
}

/**
 * A certificate authority of somebody else, with every authority above it, up to the root.
 *
 * The gateway completes the handshake with whoever has a certificate from there. That alone lets in nobody: only what an
 * `ExternalClient` names is a client, and a certificate in which the anchor names a client of the mesh's own trust domain
 * is refused.
 *
 * The rules for a truststore hold for all its authorities together: each has its chain up to a root, at most four deep,
 * and no two share a subject unless they share key and issuer. API Gateway also refuses a subject that it knows, from
 * another mutual TLS domain of the account, under another issuer.
 *
 * An authority that is to be replaced stays trusted as long as it stands in the source beside its successor.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
 */
export class TrustAnchor extends Construct {
  /** By which the registry and operators know the anchor. */
  readonly trustAnchorName: string;

  /** @internal */
  readonly _properties: TrustAnchorProperties;

  private readonly source: TrustAnchorSource;
  /** Paths of the external clients by their identities. */
  private readonly identities = new Map<string, string>();

  constructor(scope: Construct, id: string, props: TrustAnchorProps) {
    super(scope, id);

    checkText(this, 'trustAnchorName', props.trustAnchorName, clientNameProblem);
    this.trustAnchorName = props.trustAnchorName;
    this.source = props.source;
    this._properties = props.source._bind(this);
    props.truststore._addTrustAnchor(this);
  }

  /**
   * Lets `grantee` read the certificates, where they are not in the template.
   * @internal
   */
  _grantRead(grantee: iam.IGrantable): void {
    this.source._grantRead(this, grantee);
  }

  /**
   * Notes whose identity it is.
   * @returns the path of the client whose it is already
   * @internal
   */
  _claim(identity: CertificateIdentity, claimant: Construct): string | undefined {
    const { kind, value } = canonicalIdentity(identity);
    const key = `${kind} ${value}`;
    const owner = this.identities.get(key);
    if (owner === undefined) this.identities.set(key, claimant.node.path);
    return owner;
  }
}
