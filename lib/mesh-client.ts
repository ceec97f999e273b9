import { CustomResource, Duration, Lazy, type RemovalPolicy, Tokenization } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import {
  CLIENT_CERTIFICATE_RESOURCE_TYPE,
  type ClientCertificateAttributes,
  type ClientCertificateProperties,
} from '../mesh/contract';
import { clientNameProblem, clientSpiffeIdProblem, dnsNameProblem, spiffeId } from '../mesh/names';
import { KeyAlgorithm } from './algorithms';
import type { ICertificateAuthority } from './certificate-authority';
import type { CertificateIssuer } from './certificate-issuer';
import { clientSecret } from './private/client-secret';
import { CUSTOM_RESOURCE_TIMEOUT } from './private/mesh-function';
import { requesterArn } from './private/requester';
import { defaultInterval, intervalProblem, rotationSchedule } from './private/rotation-schedule';
import { checkDuration, checkText, isLonger, refuse } from './private/validation';

const DEFAULT_VALIDITY = Duration.days(7);

/** What can be chosen for a client's certificates. */
export interface ClientCertificateOptions {
  /**
   * The algorithm of the client's key. When it changes, a certificate is issued at once.
   * @default KeyAlgorithm.EC_PRIME256V1
   */
  readonly keyAlgorithm?: KeyAlgorithm;

  /**
   * How long a certificate is valid, in whole hours, at least 8. At most 7 days from an authority in short-lived mode.
   * When it changes, a certificate is issued at once.
   *
   * @default Duration.days(7)
   */
  readonly certificateValidity?: Duration;

  /**
   * The longest time after which key and certificate are replaced by new ones: 4, 6, 8 or 12 hours, or whole days, and
   * short enough that a third of `certificateValidity` is left when a rotation fails. Clients are spread over the time
   * that this leaves, some a little earlier than others.
   *
   * @default - half of `certificateValidity`, thus 3 days; for more than two weeks, between a half and two thirds
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
   */
  readonly rotateAfter?: Duration;

  /**
   * How long a certificate is still let in once another has replaced it, in whole hours: longer than the client needs to
   * notice the new one.
   *
   * @default - until it expires
   */
  readonly overlap?: Duration;
}

/** What can be chosen for a client. */
export interface MeshClientOptions extends ClientCertificateOptions {
  /**
   * Whether the client makes its key itself, keeps it, and asks the issuer for each of its certificates, by
   * `mtls-mesh request`. The deployment then makes neither a certificate nor a secret for it, and nothing renews its
   * certificates but the client: `rotateAfter`, `overlap`, `encryptionKey` and `removalPolicy` must be left out. Nobody
   * may ask until `grantRequest` says who.
   *
   * @default false
   */
  readonly ownKey?: boolean;

  /**
   * DNS names for the certificate's subject alternative name, beside the SPIFFE ID. In lower case, without wildcards.
   * @default - none
   */
  readonly dnsNames?: string[];

  /**
   * The KMS key that encrypts the client's secret.
   * @default - Secrets Manager's own key of the account
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * What becomes of the secret when the client leaves the app. `DESTROY` deletes it at once, without the recovery window
   * that Secrets Manager has elsewhere, so that the name is free again.
   *
   * @default RemovalPolicy.DESTROY
   * @see https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1999
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Properties of a `MeshClient`. */
export interface MeshClientProps extends MeshClientOptions {
  /**
   * A DNS label (RFC 1123) in lower case that starts with a letter. The SPIFFE ID, the certificate's common name and the
   * secret's name derive from it.
   */
  readonly clientName: string;

  /** Who issues the client's certificates; also gives the trust domain. */
  readonly issuer: CertificateIssuer;
}

/**
 * Whoever calls services of the mesh: an identity, and a secret with the certificate that proves it.
 *
 * When the deployment ends, the secret holds a certificate that works; if none can be issued, the deployment fails with
 * the reason. From then on Secrets Manager has key and certificate replaced on a schedule. The secret is a JSON document
 * with `certificate`, `certificateChain` and `privateKey` in PEM, and `clientName`, `spiffeId`, `serialNumber`,
 * `notBefore`, `notAfter`, `keyAlgorithm` and `fingerprint`.
 *
 * A client with `ownKey` has no secret: its key never leaves the machine that made it. Another construct can't stand for
 * the same client in the deployment that removes the first, only in a later one.
 *
 * @example
 * declare const mesh: MtlsServiceMesh;
 * declare const mailRole: iam.Role;
 *
 * mesh.addClient('mail', { ownKey: true }).grantRequest(mailRole);
 * new CfnOutput(this, 'RequestUrl', { value: mesh.issuer.requestUrl });
 */
export class MeshClient extends Construct {
  /** The last part of the SPIFFE ID. */
  readonly clientName: string;

  /** `spiffe://<trust domain>/<client name>`, the certificate's only URI. */
  readonly spiffeId: string;

  private readonly issuer: CertificateIssuer;
  private readonly registration: CustomResource;
  private readonly storedSecret?: secretsmanager.ISecret;
  private readonly requesters = new Set<string>();

  constructor(scope: Construct, id: string, props: MeshClientProps) {
    super(scope, id);

    const { issuer, clientName, dnsNames = [], certificateValidity = DEFAULT_VALIDITY } = props;
    const { certificateAuthority, trustDomain } = issuer;
    this.issuer = issuer;
    this.clientName = clientName;
    this.spiffeId = spiffeId(trustDomain, clientName);
    checkText(this, 'clientName', clientName, clientNameProblem);
    checkText(this, 'spiffeId', this.spiffeId, clientSpiffeIdProblem);
    for (const [index, name] of dnsNames.entries()) checkText(this, `dnsNames[${index}]`, name, dnsNameProblem);
    checkDuration(this, 'certificateValidity', certificateValidity, (validity) =>
      validityProblem(validity, certificateAuthority),
    );
    if (props.overlap) {
      checkDuration(this, 'overlap', props.overlap, (overlap) => overlapProblem(overlap, certificateValidity));
    }
    if (props.ownKey) refuseOptionsOfSecret(this, props);
    this.storedSecret = props.ownKey ? undefined : clientSecret(this, props);

    const properties: ClientCertificateProperties = {
      SecretId: this.storedSecret?.secretArn,
      ClientName: clientName,
      SpiffeId: this.spiffeId,
      DnsNames: dnsNames,
      KeyAlgorithm: props.keyAlgorithm ?? KeyAlgorithm.EC_PRIME256V1,
      ValidityHours: Tokenization.stringifyNumber(certificateValidity.toHours()),
      CertificateAuthorityArn: certificateAuthority.certificateAuthorityArn,
      SigningAlgorithm: certificateAuthority.signingAlgorithm,
      OverlapHours: props.overlap && Tokenization.stringifyNumber(props.overlap.toHours()),
      Requesters: Lazy.list({ produce: () => [...this.requesters] }, { omitEmpty: true }),
    };
    this.registration = new CustomResource(this, 'Certificate', {
      resourceType: CLIENT_CERTIFICATE_RESOURCE_TYPE,
      serviceToken: issuer.handler.functionArn,
      serviceTimeout: CUSTOM_RESOURCE_TIMEOUT,
      properties,
    });
    if (issuer._truststoreInUse) this.registration.node.addDependency(issuer._truststoreInUse);
    if (this.storedSecret) this.rotate(this.storedSecret, props);
  }

  /**
   * The secret, named `<trust domain>/<client name>`.
   * Throws for a client that keeps its own key; so do `serialNumber`, `notAfter`, `fingerprint` and `grantRead`.
   */
  get secret(): secretsmanager.ISecret {
    return this.storedSecret ?? refuseWithOwnKey(this, 'secret');
  }

  /** Serial number of the certificate that the latest deployment issued: upper-case hexadecimal. */
  get serialNumber(): string {
    return this.attribute('SerialNumber', 'serialNumber');
  }

  /** When that certificate expires: ISO 8601, UTC. */
  get notAfter(): string {
    return this.attribute('NotAfter', 'notAfter');
  }

  /** SHA-256 of that certificate: upper-case hexadecimal pairs separated by colons. */
  get fingerprint(): string {
    return this.attribute('Fingerprint', 'fingerprint');
  }

  /** Lets `grantee` read the secret: whoever can, can act as this client. */
  grantRead(grantee: iam.IGrantable): iam.Grant {
    return this.secret.grantRead(grantee);
  }

  /**
   * Lets `grantee` have certificates of this client issued for keys of its own, by `mtls-mesh request` at
   * `issuer.requestUrl`: whoever can, can act as this client. What was issued stays good until it expires or is revoked,
   * also when the grant is taken back. A client may have both, a secret and grants; a changed grant has another
   * certificate issued into the secret.
   *
   * The issuer knows a role by account and name, and a user by ARN, as Lambda authenticates whoever calls.
   *
   * @param grantee one IAM role or user, or what has a role, such as a function. A service, an account, a federated user
   * or a group is refused, and so is a role of another stack without a `roleName`.
   */
  grantRequest(grantee: iam.IGrantable): iam.Grant {
    this.requesters.add(requesterArn(this, grantee));
    return this.issuer._grantRequest(grantee);
  }

  private attribute(name: keyof ClientCertificateAttributes, property: string): string {
    return this.storedSecret ? this.registration.getAttString(name) : refuseWithOwnKey(this, property);
  }

  private rotate(secret: secretsmanager.ISecret, { issuer, ...props }: MeshClientProps): void {
    const rotateAfter = rotationInterval(this, props.rotateAfter, props.certificateValidity ?? DEFAULT_VALIDITY);
    const rotation = new secretsmanager.CfnRotationSchedule(this, 'Rotation', {
      secretId: secret.secretArn,
      rotationLambdaArn: issuer.handler.functionArn,
      rotationRules: rotationSchedule(rotateAfter, this.spiffeId),
      // The certificate is new. Secrets Manager still has the function test it, so there must be one.
      rotateImmediatelyOnUpdate: false,
    });
    rotation.node.addDependency(this.registration, issuer._rotationPermission);
  }
}

function refuseWithOwnKey(client: MeshClient, property: string): never {
  throw new Error(`${client.node.path}: there is no ${property}, since the client keeps its own key (ownKey)`);
}

function refuseOptionsOfSecret(client: MeshClient, props: MeshClientProps): void {
  for (const property of ['rotateAfter', 'overlap', 'encryptionKey', 'removalPolicy'] as const) {
    if (props[property] === undefined) continue;
    refuse(client, property, 'must be left out with ownKey, as there is no secret', 'a value');
  }
}

function validityProblem(validity: Duration, { longestCertificateValidity }: ICertificateAuthority) {
  const hours = validity.toHours({ integral: false });
  // Secrets Manager rotates no sooner than after 4 hours, with an hour's window.
  if (!Number.isInteger(hours) || hours < 8) return 'must be whole hours, at least 8';
  if (longestCertificateValidity && isLonger(validity, longestCertificateValidity)) {
    return `must be at most what the authority can issue (${longestCertificateValidity.toHumanString()})`;
  }
  return undefined;
}

/** The schedule derives from it in synthesis, so that here a token is refused. */
function rotationInterval(client: MeshClient, given: Duration | undefined, validity: Duration): Duration {
  if (given?.isUnresolved()) refuse(client, 'rotateAfter', 'must be known at synthesis', 'a token');
  if (!given && validity.isUnresolved()) {
    refuse(client, 'rotateAfter', 'must be given when certificateValidity is a token', 'none');
  }
  const rotateAfter = given ?? defaultInterval(validity);
  checkDuration(client, 'rotateAfter', rotateAfter, (interval) => intervalProblem(interval, validity));
  return rotateAfter;
}

function overlapProblem(overlap: Duration, validity: Duration): string | undefined {
  const hours = overlap.toHours({ integral: false });
  if (!Number.isInteger(hours) || hours < 1) return 'must be whole hours, at least one';
  if (isLonger(overlap, validity)) return `must be at most certificateValidity (${validity.toHumanString()})`;
  return undefined;
}
