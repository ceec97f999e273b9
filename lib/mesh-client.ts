import { CustomResource, Duration, RemovalPolicy, Stack, Tokenization } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IConstruct } from 'constructs';
import {
  CLIENT_CERTIFICATE_RESOURCE_TYPE,
  type ClientCertificateAttributes,
  type ClientCertificateProperties,
} from '../pki/contract';
import { brokenClientNameRule, brokenDnsNameRule, MAX_SPIFFE_ID, secretName, spiffeId } from '../pki/names';
import { KeyAlgorithm } from './algorithms';
import type { ICertificateAuthority } from './certificate-authority';
import type { CertificateIssuer } from './certificate-issuer';
import { CUSTOM_RESOURCE_TIMEOUT } from './private/mesh-function';
import { brokenIntervalRule, defaultInterval, rotationSchedule } from './private/rotation-schedule';
import { checkDuration, checkText, isLonger, refuse } from './private/validation';

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
 * the reason. From then on Secrets Manager has key and certificate replaced on a schedule. The secret is a JSON document with `certificate`, `certificateChain` and `privateKey` in PEM, and
 * `clientName`, `spiffeId`, `serialNumber`, `notBefore`, `notAfter`, `keyAlgorithm` and `fingerprint`.
 */
export class MeshClient extends Construct {
  /** The last part of the SPIFFE ID. */
  readonly clientName: string;

  /** `spiffe://<trust domain>/<client name>`, the certificate's only URI. */
  readonly spiffeId: string;

  /** The secret, named `<trust domain>/<client name>`. */
  readonly secret: secretsmanager.ISecret;

  /** Serial number of the certificate that the latest deployment issued: upper-case hexadecimal. */
  readonly serialNumber: string;

  /** When that certificate expires: ISO 8601, UTC. */
  readonly notAfter: string;

  /** SHA-256 of that certificate: upper-case hexadecimal pairs separated by colons. */
  readonly fingerprint: string;

  constructor(scope: Construct, id: string, props: MeshClientProps) {
    super(scope, id);

    const { issuer, clientName, dnsNames = [], certificateValidity = Duration.days(7) } = props;
    const { certificateAuthority, trustDomain } = issuer;
    this.clientName = clientName;
    this.spiffeId = spiffeId(trustDomain, clientName);
    checkText(this, 'clientName', clientName, brokenClientNameRule);
    checkText(this, 'spiffeId', this.spiffeId, brokenSpiffeIdRule);
    for (const [index, name] of dnsNames.entries()) checkText(this, `dnsNames[${index}]`, name, brokenDnsNameRule);
    checkDuration(this, 'certificateValidity', certificateValidity, (validity) =>
      brokenValidityRule(validity, certificateAuthority),
    );
    const rotateAfter = rotationInterval(this, props.rotateAfter, certificateValidity);
    if (props.overlap) {
      checkDuration(this, 'overlap', props.overlap, (overlap) => brokenOverlapRule(overlap, certificateValidity));
    }

    this.secret = emptySecret(this, props);
    if (props.encryptionKey) allowEncryption(this, issuer, props.encryptionKey);

    const properties: ClientCertificateProperties = {
      SecretId: this.secret.secretArn,
      ClientName: clientName,
      SpiffeId: this.spiffeId,
      DnsNames: dnsNames,
      KeyAlgorithm: props.keyAlgorithm ?? KeyAlgorithm.EC_PRIME256V1,
      ValidityHours: Tokenization.stringifyNumber(certificateValidity.toHours()),
      CertificateAuthorityArn: certificateAuthority.certificateAuthorityArn,
      SigningAlgorithm: certificateAuthority.signingAlgorithm,
      OverlapHours: props.overlap && Tokenization.stringifyNumber(props.overlap.toHours()),
    };
    const certificate = new CustomResource(this, 'Certificate', {
      resourceType: CLIENT_CERTIFICATE_RESOURCE_TYPE,
      serviceToken: issuer.handler.functionArn,
      serviceTimeout: CUSTOM_RESOURCE_TIMEOUT,
      properties,
    });
    certificate.node.addDependency(...issuer._issueAfter);
    const attribute = (name: keyof ClientCertificateAttributes) => certificate.getAttString(name);
    this.serialNumber = attribute('SerialNumber');
    this.notAfter = attribute('NotAfter');
    this.fingerprint = attribute('Fingerprint');

    const rotation = new secretsmanager.CfnRotationSchedule(this, 'Rotation', {
      secretId: this.secret.secretArn,
      rotationLambdaArn: issuer.handler.functionArn,
      rotationRules: rotationSchedule(rotateAfter, this.spiffeId),
      // The certificate is new. Secrets Manager still has the function test it, so there must be one.
      rotateImmediatelyOnUpdate: false,
    });
    rotation.node.addDependency(certificate, issuer._rotationPermission);
  }

  /** Lets `grantee` read the secret: whoever can, can act as this client. */
  grantRead(grantee: iam.IGrantable): iam.Grant {
    return this.secret.grantRead(grantee);
  }
}

function brokenSpiffeIdRule(id: string): string | undefined {
  return id.length <= MAX_SPIFFE_ID ? undefined : `must have at most ${MAX_SPIFFE_ID} characters`;
}

function brokenValidityRule(validity: Duration, { longestCertificateValidity }: ICertificateAuthority) {
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
  checkDuration(client, 'rotateAfter', rotateAfter, (interval) => brokenIntervalRule(interval, validity));
  return rotateAfter;
}

function brokenOverlapRule(overlap: Duration, validity: Duration): string | undefined {
  const hours = overlap.toHours({ integral: false });
  if (!Number.isInteger(hours) || hours < 1) return 'must be whole hours, at least one';
  if (isLonger(overlap, validity)) return `must be at most certificateValidity (${validity.toHumanString()})`;
  return undefined;
}

/** A secret without a version. Left to itself, the construct has Secrets Manager write a random first one. */
function emptySecret(client: MeshClient, { issuer, encryptionKey, removalPolicy }: MeshClientProps) {
  const secret = new secretsmanager.Secret(client, 'Secret', {
    secretName: secretName(issuer.trustDomain, client.clientName),
    description: `Client certificate and private key of ${client.spiffeId}`,
    encryptionKey,
    removalPolicy: removalPolicy ?? RemovalPolicy.DESTROY,
  });
  const resource = secret.node.defaultChild as secretsmanager.CfnSecret;
  resource.generateSecretString = undefined;
  return secret;
}

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html */
function allowEncryption(client: IConstruct, issuer: CertificateIssuer, key: kms.IKey): void {
  issuer.handler.addToRolePolicy(
    new iam.PolicyStatement({
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(client).region}.amazonaws.com` } },
    }),
  );
}
