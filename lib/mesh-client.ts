import { CustomResource, Duration, Lazy, Token, Tokenization } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import {
  CLIENT_CERTIFICATE_RESOURCE_TYPE,
  type ClientCertificateAttributes,
  type ClientCertificateProperties,
} from '../mesh/custom-resources';
import { clientNameProblem, clientSpiffeIdProblem, dnsNameProblem, secretName, spiffeId } from '../mesh/names';
import { KeyAlgorithm } from './algorithms';
import type { ICertificateAuthority, ICertificateIssuer, IMeshClient } from './interfaces';
import type { MeshClientOptions } from './mesh-client-options';
import { clientSecret, grantReadSecret } from './private/client-secret';
import { claimClientName } from './private/identity-claims';
import { CUSTOM_RESOURCE_TIMEOUT } from './private/mesh-function';
import { checkRegion } from './private/mesh-region';
import { checkProps } from './private/properties/check';
import { grantee as granteeKind } from './private/properties/construct-kinds';
import { CLIENT_PROPS } from './private/properties/interface-kinds';
import { requesterArn } from './private/requester';
import { defaultInterval, intervalProblem, rotationSchedule } from './private/rotation-schedule';
import { checkDuration, checkKind, checkKnownText, checkText, isLonger, refuse } from './private/validation';

const DEFAULT_VALIDITY = Duration.days(7);
const DAYS_OF_MONTH = 30;

/** Properties of a `MeshClient`. */
export interface MeshClientProps extends MeshClientOptions {
  /**
   * A DNS label (RFC 1123) in lower case that starts with a letter, known at synthesis. It determines the SPIFFE ID, the
   * common name of the certificate, and the name of the secret.
   */
  readonly clientName: string;

  /** The issuer of the client's certificates. It also determines the trust domain. */
  readonly issuer: ICertificateIssuer;
}

/**
 * A caller of services: an identity, and a secret with the certificate that proves it.
 *
 * When the deployment completes, the secret contains a working certificate. If no certificate can be issued, the deployment
 * fails with the reason. Secrets Manager then rotates the key and certificate on a schedule. The secret is a JSON document
 * with `certificate`, `certificateChain`, and `privateKey` in PEM, and `clientName`, `spiffeId`, `serialNumber`,
 * `notBefore`, `notAfter`, `keyAlgorithm`, and `fingerprint`.
 *
 * A client with `ownKey` has no secret: its key never leaves the machine that created it. A deployment that removes such a
 * client can't add another construct with the same client name. Do that in a later deployment.
 *
 * @example
 * declare const mesh: MtlsServiceMesh;
 * declare const mailRole: iam.Role;
 *
 * mesh.addClient('mail', { ownKey: true }).grantRequest(mailRole);
 * new CfnOutput(this, 'RequestUrl', { value: mesh.issuer.requestUrl });
 */
export class MeshClient extends Construct implements IMeshClient {
  /**
   * A client of another stack, to be named in `MeshService.allow`.
   * @param trustDomain the trust domain of the mesh
   */
  static fromClientName(scope: Construct, id: string, clientName: string, trustDomain: string): IMeshClient {
    return new ImportedClient(scope, id, clientName, trustDomain);
  }

  /** The last part of the SPIFFE ID. */
  readonly clientName: string;

  /** `spiffe://<trust domain>/<client name>`, the only URI in the certificate. */
  readonly spiffeId: string;

  private readonly issuer: ICertificateIssuer;
  private readonly registration: CustomResource;
  private readonly storedSecret?: secretsmanager.ISecret;
  private readonly props: MeshClientProps;
  private readonly requesters = new Set<string>();
  private rotateAfter?: Duration;

  constructor(scope: Construct, id: string, props: MeshClientProps) {
    super(scope, id);

    checkProps(this, props, CLIENT_PROPS);
    const { issuer, clientName, dnsNames = [], certificateValidity = DEFAULT_VALIDITY } = props;
    const { certificateAuthority, trustDomain } = issuer;
    this.issuer = issuer;
    this.props = props;
    checkRegion(this, issuer);
    issuer.serveStackOf(this);
    checkKnownText(this, 'clientName', clientName, clientNameProblem);
    this.clientName = clientName;
    this.spiffeId = spiffeId(trustDomain, clientName);
    claimClientName(this, issuer, clientName);
    checkText(this, 'spiffeId', this.spiffeId, clientSpiffeIdProblem);
    if (!Token.isUnresolved(dnsNames)) {
      for (const [index, name] of dnsNames.entries()) checkText(this, `dnsNames[${index}]`, name, dnsNameProblem);
    }
    checkDuration(
      this,
      'certificateValidity',
      certificateValidity,
      (validity) => validityProblem(validity, certificateAuthority),
      props.certificateValidity ? 'set' : 'default',
    );
    if (props.overlap) {
      checkDuration(this, 'overlap', props.overlap, (overlap) => overlapProblem(overlap, certificateValidity));
    }
    checkLimit(this, props.certificateLimit);
    if (props.ownKey) refuseOptionsOfSecret(this, props);
    if (props.adoptSecret && issuer.secretsRole) {
      const rule =
        'must not be set in another account than that of the mesh: delete the secret, so that the stack has its own';
      refuse(this, 'adoptSecret', rule, 'true');
    }
    if (props.adoptSecret && props.removalPolicy !== undefined) {
      refuse(this, 'removalPolicy', 'must not be set with adoptSecret, because the stack keeps the secret', 'a value');
    }
    this.storedSecret = props.ownKey ? undefined : clientSecret(this, { ...props, spiffeId: this.spiffeId });

    const properties: ClientCertificateProperties = {
      SecretId: this.storedSecret && secretIdOf(this.storedSecret, props),
      ClientName: clientName,
      SpiffeId: this.spiffeId,
      DnsNames: dnsNames,
      KeyAlgorithm: props.keyAlgorithm ?? KeyAlgorithm.EC_PRIME256V1,
      ValidityHours: Tokenization.stringifyNumber(certificateValidity.toHours()),
      CertificateAuthorityArn: certificateAuthority.certificateAuthorityArn,
      SigningAlgorithm: certificateAuthority.signingAlgorithm,
      OverlapHours: props.overlap && Tokenization.stringifyNumber(props.overlap.toHours()),
      CertificateLimit:
        props.certificateLimit === undefined ? undefined : Tokenization.stringifyNumber(props.certificateLimit),
      Requesters: Lazy.list({ produce: () => [...this.requesters] }, { omitEmpty: true }),
    };
    this.registration = new CustomResource(this, 'Certificate', {
      resourceType: CLIENT_CERTIFICATE_RESOURCE_TYPE,
      serviceToken: issuer.deploymentHandler.functionArn,
      serviceTimeout: CUSTOM_RESOURCE_TIMEOUT,
      properties,
    });
    if (issuer.truststoreInUse) this.registration.node.addDependency(issuer.truststoreInUse);
    if (issuer.secretsRole) this.registration.node.addDependency(issuer.secretsRole);
    if (this.storedSecret) this.rotate(this.storedSecret, props);
  }

  /**
   * The secret, named `<trust domain>/<client name>`. This property, `secretName`, `serialNumber`, `notAfter`,
   * `fingerprint`, and `grantRead` throw if the client keeps its own key.
   */
  get secret(): secretsmanager.ISecret {
    return this.storedSecret ?? refuseWithOwnKey(this, 'secret');
  }

  /**
   * The name of the secret, `<trust domain>/<client name>`. In a stack that the client's stack depends on, use it instead of
   * `secret`, whose ARN would be a reference in the other direction.
   */
  get secretName(): string {
    return this.storedSecret
      ? secretName(this.issuer.trustDomain, this.clientName)
      : refuseWithOwnKey(this, 'secretName');
  }

  /** The serial number of the certificate that the latest deployment issued, in upper-case hexadecimal. */
  get serialNumber(): string {
    return this.attribute('SerialNumber', 'serialNumber');
  }

  /** When the certificate that the latest deployment issued expires, in ISO 8601, UTC. */
  get notAfter(): string {
    return this.attribute('NotAfter', 'notAfter');
  }

  /**
   * The SHA-256 fingerprint of the certificate that the latest deployment issued: upper-case hexadecimal pairs separated by
   * colons.
   */
  get fingerprint(): string {
    return this.attribute('Fingerprint', 'fingerprint');
  }

  /**
   * Allows `grantee` to read the secret, and so to act as this client. A grant to a role of another stack names the secret and
   * makes neither stack depend on the other.
   */
  grantRead(grantee: iam.IGrantable): iam.Grant {
    checkKind(this, 'grantee', grantee, granteeKind);
    return grantReadSecret(this, { ...this.props, spiffeId: this.spiffeId, secret: this.secret, grantee });
  }

  /**
   * Allows `grantee` to request certificates of this client for its own keys, with `mtls-mesh request` at
   * `issuer.requestUrl`, and so to act as this client. If you remove the grant, certificates that were issued remain valid
   * until they expire or are revoked. A client can have both a secret and grants. A change of the grants then issues a new
   * certificate into the secret.
   *
   * The issuer identifies a role by account and name, and a user by ARN, as Lambda authenticates the caller.
   *
   * @param grantee one IAM role or user, or a construct with a role, such as a function. Throws for a service, an account,
   * a federated user, or a group, and for a role of another stack without a `roleName`.
   */
  grantRequest(grantee: iam.IGrantable): iam.Grant {
    checkKind(this, 'grantee', grantee, granteeKind);
    this.requesters.add(requesterArn(this, grantee));
    return this.issuer.grantRequest(grantee);
  }

  /**
   * Whether `issuer` issues the certificates.
   * @internal
   */
  _isOf(issuer: ICertificateIssuer): boolean {
    return issuer === this.issuer;
  }

  /**
   * How often the secret is rotated in a month. Undefined for a client without a secret.
   * @internal
   */
  get _monthlyRotations(): number | undefined {
    return this.rotateAfter && DAYS_OF_MONTH / this.rotateAfter.toDays({ integral: false });
  }

  /**
   * How long a certificate is valid.
   * @internal
   */
  get _certificateValidity(): Duration {
    return this.props.certificateValidity ?? DEFAULT_VALIDITY;
  }

  private attribute(name: keyof ClientCertificateAttributes, property: string): string {
    return this.storedSecret ? this.registration.getAttString(name) : refuseWithOwnKey(this, property);
  }

  private rotate(secret: secretsmanager.ISecret, { issuer, ...props }: MeshClientProps): void {
    const rotateAfter = rotationInterval(this, props.rotateAfter, props.certificateValidity ?? DEFAULT_VALIDITY);
    this.rotateAfter = rotateAfter;
    const rotation = new secretsmanager.CfnRotationSchedule(this, 'Rotation', {
      secretId: secretIdOf(secret, props),
      rotationLambdaArn: issuer.rotationHandler.functionArn,
      rotationRules: rotationSchedule(rotateAfter, this.spiffeId),
      // The certificate is new. Secrets Manager still invokes testSecret, so the certificate must exist.
      rotateImmediatelyOnUpdate: false,
    });
    rotation.node.addDependency(this.registration, issuer.rotationPermission);
  }
}

/** A client of another stack. It adds no resources. */
class ImportedClient extends Construct implements IMeshClient {
  readonly spiffeId: string;

  constructor(
    scope: Construct,
    id: string,
    readonly clientName: string,
    trustDomain: string,
  ) {
    super(scope, id);
    checkKnownText(this, 'clientName', clientName, clientNameProblem);
    this.spiffeId = spiffeId(trustDomain, clientName);
  }
}

/** An adopted secret is known by its name only: the random end of its ARN is not. */
function secretIdOf(secret: secretsmanager.ISecret, { adoptSecret }: MeshClientOptions): string {
  return adoptSecret ? secret.secretName : secret.secretArn;
}

function checkLimit(client: MeshClient, limit: number | undefined): void {
  if (limit === undefined || Token.isUnresolved(limit)) return;
  if (Number.isInteger(limit) && limit >= 1 && limit <= 999_999) return;
  refuse(client, 'certificateLimit', 'must be a whole number from 1 to 999999', String(limit));
}

function refuseWithOwnKey(client: MeshClient, property: string): never {
  throw new Error(`${client.node.path}: there is no ${property}, because the client keeps its own key (ownKey)`);
}

function refuseOptionsOfSecret(client: MeshClient, props: MeshClientProps): void {
  for (const property of ['rotateAfter', 'overlap', 'encryptionKey', 'adoptSecret', 'removalPolicy'] as const) {
    if (props[property] === undefined) continue;
    refuse(client, property, 'must not be set with ownKey, because there is no secret', 'a value');
  }
}

function validityProblem(validity: Duration, { longestCertificateValidity }: ICertificateAuthority) {
  const hours = validity.toHours({ integral: false });
  // Secrets Manager rotates after 4 hours at the earliest, within a window of an hour.
  if (!Number.isInteger(hours) || hours < 8) return 'must be whole hours, at least 8';
  if (longestCertificateValidity && isLonger(validity, longestCertificateValidity)) {
    return `must be at most the longest validity of the authority (${longestCertificateValidity.toHumanString()})`;
  }
  return undefined;
}

/** Synthesis computes the schedule from the interval, so the interval can't be a token. */
function rotationInterval(client: MeshClient, given: Duration | undefined, validity: Duration): Duration {
  if (given?.isUnresolved()) refuse(client, 'rotateAfter', 'must be known at synthesis', 'a token');
  if (!given && validity.isUnresolved()) {
    refuse(client, 'rotateAfter', 'must be set when certificateValidity is a token', 'none');
  }
  const rotateAfter = given ?? defaultInterval(validity);
  const origin = given ? 'set' : 'default';
  checkDuration(client, 'rotateAfter', rotateAfter, (interval) => intervalProblem(interval, validity), origin);
  return rotateAfter;
}

function overlapProblem(overlap: Duration, validity: Duration): string | undefined {
  const hours = overlap.toHours({ integral: false });
  if (!Number.isInteger(hours) || hours < 1) return 'must be whole hours, at least one';
  if (isLonger(overlap, validity)) return `must be at most certificateValidity (${validity.toHumanString()})`;
  return undefined;
}
