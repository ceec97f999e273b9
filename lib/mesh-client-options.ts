import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { KeyAlgorithm } from './algorithms';

/** Options of a client's certificates. */
export interface ClientCertificateOptions {
  /**
   * The algorithm of the client's key. A change issues a new certificate during the deployment.
   * @default KeyAlgorithm.EC_PRIME256V1
   */
  readonly keyAlgorithm?: KeyAlgorithm;

  /**
   * How long a certificate is valid, in whole hours: at least 8 hours, and at most 7 days from an authority in short-lived
   * mode. A change issues a new certificate during the deployment.
   *
   * @default Duration.days(7)
   */
  readonly certificateValidity?: Duration;

  /**
   * The longest time until a key and its certificate are replaced: 4, 6, 8, or 12 hours, or whole days. It must leave a
   * third of `certificateValidity` to repeat a rotation that fails. The rotations of different clients are spread over
   * time, so some rotate a little earlier.
   *
   * @default - half of `certificateValidity`, so 3 days; for a validity of more than two weeks, between half and two thirds
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
   */
  readonly rotateAfter?: Duration;

  /**
   * How long the gateway accepts a certificate after a new one replaced it, in whole hours. Choose a time that is longer
   * than the client needs to notice the new certificate.
   *
   * @default - until it expires
   */
  readonly overlap?: Duration;
}

/** Options of a client. */
export interface MeshClientOptions extends ClientCertificateOptions {
  /**
   * Whether the client creates and keeps its own key and requests each certificate with `mtls-mesh request`. The
   * deployment then creates neither a certificate nor a secret, and only the client renews its certificates. Don't set
   * `rotateAfter`, `overlap`, `encryptionKey`, `adoptSecret`, or `removalPolicy`. Use `grantRequest` to allow a role or user
   * to request certificates.
   *
   * @default false
   */
  readonly ownKey?: boolean;

  /**
   * The most certificates for keys that the client keeps that can be valid at the same time. Further requests are refused. The
   * limit keeps a grantee of `grantRequest` from running up the cost of certificates.
   *
   * @default 100
   */
  readonly certificateLimit?: number;

  /**
   * DNS names for the certificate's subject alternative name, in addition to the SPIFFE ID: in lower case, without
   * wildcards.
   * @default - none
   */
  readonly dnsNames?: string[];

  /**
   * The KMS key that encrypts the client's secret.
   * @default - `encryptionKey` of the mesh, or the AWS managed key of Secrets Manager
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Whether to use the secret with the client's name that exists already, because it was retained when an earlier stack or
   * client was removed. The deployment puts a new certificate into it. An adopted secret is not part of the stack: the stack
   * doesn't delete it. If the secret has a KMS key of its own, set `encryptionKey` to that key. A deployment fails that would
   * adopt the secret which the client has in its own stack, because CloudFormation would delete it.
   *
   * Don't use it to rename the construct of a client: the removal of the old construct would end the rotation of the secret
   * and revoke its certificates. Keep the logical IDs instead, with `cdk refactor` or `overrideLogicalId`.
   *
   * @default false
   */
  readonly adoptSecret?: boolean;

  /**
   * What happens to the secret when the client is removed from the app. `DESTROY` deletes it immediately, without a
   * recovery window, so you can use the name again.
   *
   * @default RemovalPolicy.DESTROY
   * @see https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1999
   */
  readonly removalPolicy?: RemovalPolicy;
}
