import { Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, type IConstruct, type IDependable } from 'constructs';
import {
  GATEWAY_DOMAIN_NAME_VARIABLE,
  REGISTRY_TABLE_VARIABLE,
  TRUST_DOMAIN_VARIABLE,
  TRUSTSTORE_BUCKET_VARIABLE,
  TRUSTSTORE_KEY_VARIABLE,
  TRUSTSTORE_VERSION_VARIABLE,
} from '../mesh/contract';
import { secretName } from '../mesh/names';
import type { ICertificateAuthority } from './certificate-authority';
import type { MeshRegistry } from './mesh-registry';
import type { MtlsGateway } from './mtls-gateway';
import { grantPutEvents } from './private/event-grant';
import { MeshFunction } from './private/mesh-function';

/** Properties of a `CertificateIssuer`. */
export interface CertificateIssuerProps {
  /** Where clients and certificates are written down; also gives the trust domain. */
  readonly registry: MeshRegistry;

  /** The authority that signs the certificates. */
  readonly certificateAuthority: ICertificateAuthority;

  /**
   * The authorities that signed before, of which clients may still hold certificates. Rotations that are under way when
   * another authority takes over may still end with one of these.
   *
   * @default - none
   */
  readonly certificateAuthorityPredecessors?: ICertificateAuthority[];

  /**
   * The gateway that is to let in whoever has one of the certificates. A deployment issues none before the gateway uses
   * its truststore, and none comes into a secret unless that truststore leads to its root. Before a rotation makes one
   * current, the function tries it on the gateway; where it can't reach that by its domain name, as with a name that
   * resolves in a private network only, it says so in its log and goes on.
   *
   * @default - none: the certificates are not compared with what a gateway trusts
   */
  readonly gateway?: MtlsGateway;

  /**
   * How long the function's log is kept.
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What becomes of the function's log when it leaves the stack.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The function that makes a client's key, has the authority sign a certificate for it, and puts both into the client's
 * secret. The key is nowhere else: not in a response, an output, the environment or a log. For a client that keeps its own
 * key it has the authority sign a certificate for that, when somebody asks who is granted it.
 *
 * A deployment calls it for the first certificate of a client, Secrets Manager for every further one, and a rule once an
 * hour to report what is about to expire and to tell the authority what was revoked.
 *
 * All that it may do: have client certificates issued by its authority, and those before it, from the one template that
 * takes the identity from the issuer and not from the request, and revoke them; read and write the secrets of this trust
 * domain; keep the registry; read the gateway's truststore, and the objects that hold the trust anchors of external
 * clients; and send the mesh's events.
 */
export class CertificateIssuer extends Construct {
  /** Where clients and certificates are written down. */
  readonly registry: MeshRegistry;

  /** The SPIFFE trust domain of the clients. */
  readonly trustDomain: string;

  /** The authority that signs the certificates. */
  readonly certificateAuthority: ICertificateAuthority;

  /** The function itself; a `MeshClient` is a custom resource that calls it. */
  readonly handler: lambda.IFunction;

  /**
   * A client's first certificate, or the registration of an external client, comes after it; absent without a gateway.
   * @internal
   */
  readonly _truststoreInUse?: IDependable;

  /**
   * Secrets Manager tries the function when it gets a rotation schedule, which therefore comes after this.
   * @internal
   */
  readonly _rotationPermission: IDependable;

  private functionUrl?: lambda.FunctionUrl;

  constructor(scope: Construct, id: string, props: CertificateIssuerProps) {
    super(scope, id);

    this.registry = props.registry;
    this.trustDomain = props.registry.trustDomain;
    this.certificateAuthority = props.certificateAuthority;
    this._truststoreInUse = props.gateway?.truststoreInUse;

    const issuer = new MeshFunction(this, 'Issuer', {
      asset: 'certificate-issuer',
      description: 'Issues client certificates into secrets',
      timeout: Duration.minutes(3),
      // CPU grows with memory, and an RSA key of 4096 bits takes seconds of it.
      memorySize: 512,
      environment: {
        [TRUST_DOMAIN_VARIABLE]: this.trustDomain,
        [REGISTRY_TABLE_VARIABLE]: this.registry.table.tableName,
        ...(props.gateway && environmentOf(props.gateway)),
      },
      logRetention: props.logRetention,
      removalPolicy: props.removalPolicy,
    });
    this.handler = issuer.handler;

    for (const authority of [...(props.certificateAuthorityPredecessors ?? []), this.certificateAuthority]) {
      authority.grantIssue(this.handler);
      authority.grantRevoke(this.handler);
    }
    this.registry.grantRecord(this.handler);
    grantPutEvents(this, this.handler);
    const secretArns = secretArnsOf(this, this.trustDomain);
    issuer.allow(
      [
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutSecretValue',
        'secretsmanager:UpdateSecretVersionStage',
      ],
      [secretArns],
    );

    if (props.gateway) {
      const { bucket, objectKey } = props.gateway.truststore;
      issuer.allow(['s3:GetObjectVersion'], [bucket.arnForObjects(objectKey)]);
    }

    this._rotationPermission = allowRotation(this, secretArns);
    callHourly(this);
  }

  /**
   * Where clients that keep their own key ask for certificates: an HTTPS URL, ending with a slash, at which only signed
   * requests are answered. Made when first asked for, here or by `MeshClient.grantRequest`.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html for the Regions that have none
   */
  get requestUrl(): string {
    return this.requestFunctionUrl().url;
  }

  /**
   * Lets `grantee` call the URL; as which clients, their resources say.
   *
   * It takes `lambda:InvokeFunctionUrl`, and `lambda:InvokeFunction` on the condition that the call comes through the
   * URL. Without that condition the grantee could invoke the function itself, and write into the event that Lambda had
   * authenticated somebody else. https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
   *
   * @internal
   */
  _grantRequest(grantee: iam.IGrantable): iam.Grant {
    return this.requestFunctionUrl().grantInvokeUrl(grantee);
  }

  private requestFunctionUrl(): lambda.FunctionUrl {
    this.functionUrl ??= new lambda.FunctionUrl(this, 'RequestUrl', {
      function: this.handler,
      authType: lambda.FunctionUrlAuthType.AWS_IAM,
    });
    return this.functionUrl;
  }

  /** Lets `grantee` have a client's secret rotated now; not read it. */
  grantRotate(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['secretsmanager:RotateSecret'],
      resourceArns: [secretArnsOf(this, this.trustDomain)],
    }).combine(
      // RotateSecret asks for it; it need not hold for calls of the grantee's own.
      // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
      iam.Grant.addToPrincipal({
        grantee,
        actions: ['lambda:InvokeFunction'],
        resourceArns: [this.handler.functionArn],
        conditions: { Bool: { 'aws:ViaAWSService': 'true' } },
      }),
    );
  }
}

/** A truststore that is published anew is another version, and so updates the function. */
function environmentOf({ domainName, truststore }: MtlsGateway): Record<string, string> {
  return {
    [GATEWAY_DOMAIN_NAME_VARIABLE]: domainName,
    [TRUSTSTORE_BUCKET_VARIABLE]: truststore.bucket.bucketName,
    [TRUSTSTORE_KEY_VARIABLE]: truststore.objectKey,
    [TRUSTSTORE_VERSION_VARIABLE]: truststore.versionId,
  };
}

/** A pattern rather than a list: the ARNs of a hundred clients would outgrow the role's policy. */
function secretArnsOf(scope: IConstruct, trustDomain: string): string {
  return Stack.of(scope).formatArn({
    service: 'secretsmanager',
    resource: `secret:${secretName(trustDomain, '*')}`,
  });
}

/**
 * One permission for all secrets of the trust domain: Lambda takes the source for a pattern, and a function's policy has
 * no room for one a client. https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
 */
function allowRotation(issuer: CertificateIssuer, secretArns: string): IDependable {
  return new lambda.CfnPermission(issuer, 'RotationPermission', {
    action: 'lambda:InvokeFunction',
    functionName: issuer.handler.functionArn,
    principal: 'secretsmanager.amazonaws.com',
    sourceAccount: Stack.of(issuer).account,
    sourceArn: secretArns,
  });
}

function callHourly(issuer: CertificateIssuer): void {
  const rule = new events.Rule(issuer, 'Hourly', {
    description: `Looks after the certificates of ${issuer.trustDomain}`,
    schedule: events.Schedule.rate(Duration.hours(1)),
    targets: [{ bind: () => ({ arn: issuer.handler.functionArn }) }],
  });
  issuer.handler.addPermission('HourlyPermission', {
    scope: issuer,
    principal: new iam.ServicePrincipal('events.amazonaws.com'),
    sourceArn: rule.ruleArn,
  });
}
