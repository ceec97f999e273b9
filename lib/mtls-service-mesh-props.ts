import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { AuthorizerOptions } from './authorizer-options';
import type { ICertificateAuthority } from './interfaces';
import type { ClientCertificateOptions } from './mesh-client-options';
import type { EncryptionOptions, MeshFunctionOptions } from './mesh-function-options';
import type { MeshRegistryOptions } from './mesh-registry';
import type { MtlsDomainOptions } from './mtls-gateway';
import type { ThrottleOptions } from './throttle';

/** Properties of an `MtlsServiceMesh`. */
export interface MtlsServiceMeshProps
  extends MtlsDomainOptions,
    AuthorizerOptions,
    ThrottleOptions,
    ClientCertificateOptions,
    MeshRegistryOptions,
    MeshFunctionOptions,
    EncryptionOptions {
  /**
   * The SPIFFE trust domain. SPIFFE IDs are `spiffe://<trust domain>/<client name>`, and secrets are named
   * `<trust domain>/<client name>`.
   *
   * With another trust domain, every client is another one: it has another secret, and the deployment deletes the one of
   * before. To change only the `domainName`, set the trust domain to the domain name of before.
   *
   * @default - the same as `domainName`
   */
  readonly trustDomain?: string;

  /**
   * The authority that issues the clients' certificates. The gateway admits its clients. If there are successors, this is
   * the first authority.
   *
   * @default - `CertificateAuthority.shortLivedRoot`, for about $50 a month
   */
  readonly certificateAuthority?: ICertificateAuthority;

  /**
   * The authorities that replace `certificateAuthority`, in order. The last one issues certificates, and the gateway
   * accepts certificates of all of them.
   *
   * To replace an authority without a refused request, add its successor here. In one deployment, the gateway starts to
   * trust both, and then every client gets a certificate of the successor. After the certificates of the first authority
   * have expired, set `certificateAuthority` to the successor and remove it from this list. While a certificate of the
   * first authority can still be used, that deployment fails and names the clients.
   *
   * @default - none
   */
  readonly certificateAuthoritySuccessors?: ICertificateAuthority[];

  /**
   * The HTTP address where you serve the objects of `revocationLists.bucket`: see `CertificateIssuerProps`.
   * @default - certificates name no revocation list
   */
  readonly revocationListAddress?: string;

  /**
   * How long a revocation list of an authority with its key in AWS KMS is valid, in whole hours, at least 3.
   * @default Duration.hours(24)
   */
  readonly revocationListValidity?: Duration;

  /**
   * The topic that all alarms of the mesh notify: when a rotation fails, when the authorizer can't read the registry, when an event
   * could not be sent, when revocation lists are overdue, and before a certificate or an authority expires.
   * @default - none: alarms change their state without a notification
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * What happens to the truststore, the revocation lists, the registry, the logs, and the authority that the mesh creates by default
   * when they are removed from the stack. `DESTROY` is for test stacks: it leaves nothing of these behind. The secrets of clients and
   * an authority that you pass to the mesh have their own removal policy. Such an authority costs money until it is deleted.
   *
   * Set it here and not with `RemovalPolicies`, which makes CloudFormation delete the buckets without emptying them first, so that
   * the deletion fails.
   *
   * @default - all of them are retained. If the first deployment fails, the authority and the registry are deleted.
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * How long the access log and the logs of the functions are kept.
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Tags for everything in the mesh that can have tags, including the secrets of clients that `addClient` adds. A construct of
   * yours that you pass to the mesh, and a client or service outside of the mesh's scope, don't get them.
   *
   * @default - no tags other than those of the stack and the app
   */
  readonly tags?: { [key: string]: string };
}
