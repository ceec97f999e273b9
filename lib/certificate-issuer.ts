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
import type { ICertificateAuthority, ICertificateIssuer, IMeshRegistry, IMtlsGateway } from './interfaces';
import { grantPutEvents } from './private/event-grant';
import { MeshFunction } from './private/mesh-function';

/** Properties of a `CertificateIssuer`. */
export interface CertificateIssuerProps {
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

/**
 * A function that creates a client's key, has the authority sign a certificate for it, and stores both in the client's
 * secret. The key never appears in a response, an output, the environment, or a log. For a client that keeps its own key,
 * the function issues certificates on request to principals that were granted access.
 *
 * CloudFormation invokes the function for the first certificate of a client, and Secrets Manager for each rotation. Once an
 * hour, a rule invokes it to report certificates that expire soon and to send pending revocations to the authority.
 *
 * The function can have the current and earlier authorities issue client certificates, from a template that takes the
 * identity from the issuer and not from the request. It can revoke these certificates, read and write the secrets of the
 * trust domain, update the registry, read the gateway's truststore and the trust anchors of external clients, and send the
 * mesh's events. It has no other permissions.
 */
export class CertificateIssuer extends Construct implements ICertificateIssuer {
  /** Where the issuer records clients and certificates. */
  readonly registry: IMeshRegistry;

  /** The SPIFFE trust domain of the clients. */
  readonly trustDomain: string;

  /** The authority that signs the certificates. */
  readonly certificateAuthority: ICertificateAuthority;

  /** The function. `MeshClient` and `ExternalClient` are custom resources that call it. */
  readonly handler: lambda.IFunction;

  /**
   * Clients are registered, and get their first certificates, after this.
   * @default - there is no gateway to wait for
   */
  readonly truststoreInUse?: IDependable;

  /** Rotation schedules are created after this, because Secrets Manager then invokes the function. */
  readonly rotationPermission: IDependable;

  private functionUrl?: lambda.FunctionUrl;

  constructor(scope: Construct, id: string, props: CertificateIssuerProps) {
    super(scope, id);

    this.registry = props.registry;
    this.trustDomain = props.registry.trustDomain;
    this.certificateAuthority = props.certificateAuthority;
    this.truststoreInUse = props.gateway?.truststoreInUse;

    const issuer = new MeshFunction(this, 'Issuer', {
      asset: 'certificate-issuer',
      description: 'Issues client certificates into secrets',
      timeout: Duration.minutes(3),
      // CPU grows with memory, and an RSA key of 4096 bits takes seconds to create.
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

    this.rotationPermission = allowRotation(this, secretArns);
    callHourly(this);
  }

  /**
   * The URL where clients that keep their own key request certificates. It is an HTTPS URL with a slash at the end that
   * answers signed requests only. The stack contains it once you use this property or `MeshClient.grantRequest`.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html for the Regions without function URLs
   */
  get requestUrl(): string {
    return this.requestFunctionUrl().url;
  }

  /**
   * Allows `grantee` to call `requestUrl`. `MeshClient.grantRequest` calls this method, and also records which client
   * `grantee` can request certificates for.
   *
   * The grant covers `lambda:InvokeFunctionUrl`, and `lambda:InvokeFunction` on condition that the call comes through the
   * URL. Without that condition, `grantee` could invoke the function directly with an event that names another caller.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
   */
  grantRequest(grantee: iam.IGrantable): iam.Grant {
    return this.requestFunctionUrl().grantInvokeUrl(grantee);
  }

  private requestFunctionUrl(): lambda.FunctionUrl {
    this.functionUrl ??= new lambda.FunctionUrl(this, 'RequestUrl', {
      function: this.handler,
      authType: lambda.FunctionUrlAuthType.AWS_IAM,
    });
    return this.functionUrl;
  }

  /** Allows `grantee` to start the rotation of a client's secret, but not to read the secret. */
  grantRotate(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['secretsmanager:RotateSecret'],
      resourceArns: [secretArnsOf(this, this.trustDomain)],
    }).combine(
      // RotateSecret requires this permission. Calls that the grantee makes directly don't need it.
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

/** A new truststore version changes the environment, and so updates the function. */
function environmentOf({ domainName, truststore }: IMtlsGateway): Record<string, string> {
  return {
    [GATEWAY_DOMAIN_NAME_VARIABLE]: domainName,
    [TRUSTSTORE_BUCKET_VARIABLE]: truststore.bucket.bucketName,
    [TRUSTSTORE_KEY_VARIABLE]: truststore.objectKey,
    [TRUSTSTORE_VERSION_VARIABLE]: truststore.versionId,
  };
}

/** A pattern, because a list of the ARNs of a hundred clients would exceed the size of the role's policy. */
function secretArnsOf(scope: IConstruct, trustDomain: string): string {
  return Stack.of(scope).formatArn({
    service: 'secretsmanager',
    resource: `secret:${secretName(trustDomain, '*')}`,
  });
}

/**
 * One permission for all secrets of the trust domain. Lambda matches the source ARN as a pattern, and a function's policy
 * has no room for a permission for each client. https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
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
