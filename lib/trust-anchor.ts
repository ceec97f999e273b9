import { Construct } from 'constructs';
import { clientNameProblem } from '../mesh/names';
import type { ITrustAnchor, ITruststore, TrustAnchorSourceConfig } from './interfaces';
import { checkProps } from './private/properties/check';
import { TRUST_ANCHOR_PROPS } from './private/properties/interface-kinds';
import { checkCertificates } from './private/trust-anchor-certificates';
import { checkText } from './private/validation';
import type { TrustAnchorSource } from './trust-anchor-source';

/** Properties of a `TrustAnchor`. */
export interface TrustAnchorProps {
  /**
   * The name that the registry and operators know the trust anchor by: a DNS label (RFC 1123) in lower case that starts
   * with a letter.
   */
  readonly trustAnchorName: string;

  /** Where the certificates come from. */
  readonly source: TrustAnchorSource;

  /** The truststore that publishes the certificates, together with those of the mesh's own authorities. */
  readonly truststore: ITruststore;
}

/**
 * A certificate authority outside the mesh, and every authority above it, up to the root.
 *
 * The gateway completes the handshake with every client that has a certificate of this authority. That alone admits
 * nobody: only an `ExternalClient` is a client of the mesh. The gateway refuses a certificate in which the authority names
 * a client of the mesh's own trust domain.
 *
 * The rules for a truststore apply to all its authorities together: each authority needs its chain up to a root, at most
 * four certificates deep, no two certificates share a subject, and the whole has less than 1,000 KB. API Gateway also
 * rejects a subject that another mutual TLS domain of the account uses under a different issuer.
 *
 * To replace an authority, keep it in the source beside its successor until clients no longer use its certificates. If the
 * successor has the same subject, for example because its owner renewed the root's certificate, they can't overlap: ask the
 * owner for a root with a subject of its own. Otherwise, replace the one with the other in one deployment, at a time that you
 * agree on. A renewed certificate with the same key accepts the same clients, so its replacement interrupts nobody.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
 */
export class TrustAnchor extends Construct implements ITrustAnchor {
  /** The name that the registry and operators know the trust anchor by. */
  readonly trustAnchorName: string;

  /** Where the certificates are. */
  readonly certificates: TrustAnchorSourceConfig;

  constructor(scope: Construct, id: string, props: TrustAnchorProps) {
    super(scope, id);

    checkProps(this, props, TRUST_ANCHOR_PROPS);
    checkText(this, 'trustAnchorName', props.trustAnchorName, clientNameProblem);
    this.trustAnchorName = props.trustAnchorName;
    this.certificates = props.source.bind(this);
    checkCertificates(this, this.certificates);
    props.truststore.addTrustAnchor(this);
  }
}
