import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { ICertificateAuthority, IMeshRegistry, IMtlsGateway } from './interfaces';
import type { EncryptionOptions, MeshFunctionOptions } from './mesh-function-options';

/** Properties of a `CertificateIssuer`. */
export interface CertificateIssuerProps extends MeshFunctionOptions, EncryptionOptions {
  /** Where the issuer records clients and certificates. The registry also determines the trust domain. */
  readonly registry: IMeshRegistry;

  /** The authority that signs the certificates. */
  readonly certificateAuthority: ICertificateAuthority;

  /**
   * The authorities that signed certificates before and whose certificates clients may still hold. A rotation that is in
   * progress when the authority changes may still complete with one of them.
   *
   * @default - none
   */
  readonly certificateAuthorityPredecessors?: ICertificateAuthority[];

  /**
   * The HTTP address where you serve the objects of `RevocationLists.bucket`, without a slash at its end, such as
   * `http://crl.example.com`. Client certificates of authorities with keys in AWS KMS then name the list of their authority, in DER,
   * as their distribution point.
   *
   * @default - certificates name no revocation list
   */
  readonly revocationListAddress?: string;

  /**
   * The gateway that the certificates are for. A deployment issues certificates only after the gateway uses its
   * truststore, and the function stores a certificate only if the truststore contains its root. Before a rotation promotes
   * a certificate, the function tests it against the gateway. If the function can't reach the gateway by its domain name,
   * for example because the name resolves in a private network only, it logs that and completes the rotation.
   *
   * @default - none: certificates aren't tested against a gateway
   */
  readonly gateway?: IMtlsGateway;

  /**
   * How long the log of the function is kept.
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What happens to the log of the function when it is removed from the stack.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}
