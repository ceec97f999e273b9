import { CustomResource, Duration, Names, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets';
import { Construct, type IDependable } from 'constructs';
import {
  DOMAIN_TRUSTSTORE_RESOURCE_TYPE,
  type DomainTruststoreProperties,
  REGISTRY_TABLE_VARIABLE,
  TRUST_DOMAIN_VARIABLE,
} from '../mesh/contract';
import { dnsNameProblem } from '../mesh/names';
import type { MeshRegistry } from './mesh-registry';
import { ACCESS_LOG_FORMAT } from './private/access-log';
import { CUSTOM_RESOURCE_TIMEOUT, DEFAULT_LOG_RETENTION, MeshFunction } from './private/mesh-function';
import { checkText, refuse } from './private/validation';
import type { Truststore } from './truststore';

/** What can be chosen for the domain of a gateway. */
export interface MtlsDomainOptions {
  /** The name that clients call, such as `mesh.example.com`. */
  readonly domainName: string;

  /**
   * The certificate that the gateway shows to its clients, from ACM in the gateway's Region. One that was imported into
   * ACM, or issued by a private authority, needs `ownershipCertificate` as well.
   *
   * @default - a certificate of ACM for `domainName`, validated by DNS in `hostedZone`
   */
  readonly serverCertificate?: acm.ICertificate;

  /**
   * A public certificate of ACM for `domainName`, which proves that the domain is yours when `serverCertificate` can't.
   * It takes no part in handshakes, but when it expires the domain can no longer be changed.
   *
   * @default - none: `serverCertificate` is a public certificate of ACM
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
   */
  readonly ownershipCertificate?: acm.ICertificate;

  /**
   * The public hosted zone that holds `domainName`. It gets the records that point the name to the gateway, and, unless
   * `serverCertificate` is given, those that validate the gateway's certificate.
   *
   * @default - no records; point `domainName` to `domain.regionalDomainName` yourself
   */
  readonly hostedZone?: route53.IHostedZone;
}

/** Properties of an `MtlsGateway`. */
export interface MtlsGatewayProps extends MtlsDomainOptions {
  /** The authorities that the gateway trusts. */
  readonly truststore: Truststore;

  /**
   * The clients that are let in, each with the certificates that it may show. Also gives the trust domain.
   */
  readonly registry: MeshRegistry;

  /**
   * How long the access log and the authorizer's log are kept.
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What becomes of the logs when they leave the stack.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The entrance of a mesh: an HTTP API behind a domain that demands a client certificate from every caller.
 *
 * API Gateway checks in the handshake that the certificate comes from an authority in the truststore. The authorizer
 * then reads from it who calls, on every request, and refuses whoever is no client of the trust domain, is disabled, or
 * shows a certificate that was revoked or that the registry never saw; what the registry says it believes for 10 seconds.
 * A certificate that names another trust domain, or none, is refused unless the registry knows an external client by it.
 * The API has no other address: its `execute-api` endpoint, which asks for no certificate, is off.
 */
export class MtlsGateway extends Construct {
  /** The HTTP API. Every route of it, also one that you add yourself, asks the authorizer. */
  readonly api: apigatewayv2.HttpApi;

  /** The custom domain; its `regionalDomainName` is what DNS records point to. */
  readonly domain: apigatewayv2.DomainName;

  /**
   * What depends on it comes about only once the domain uses the truststore as it was last published. A deployment fails
   * here when API Gateway warns that it would refuse some clients.
   */
  readonly truststoreInUse: IDependable;

  /** JSON lines that name, for each request, the client and its certificate. */
  readonly accessLog: logs.LogGroup;

  /** The authorizer's function. */
  readonly handler: lambda.IFunction;

  /** The name that clients call. */
  readonly domainName: string;

  /** Holds the authorities that the gateway trusts. */
  readonly truststore: Truststore;

  /** Where clients call the mesh: `https://<domain name>`. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: MtlsGatewayProps) {
    super(scope, id);

    const { domainName, registry, removalPolicy = RemovalPolicy.RETAIN } = props;
    checkText(this, 'domainName', domainName, dnsNameProblem);
    checkHostedZone(this, props);
    this.domainName = domainName;
    this.truststore = props.truststore;
    this.url = `https://${domainName}`;

    this.domain = new apigatewayv2.DomainName(this, 'Domain', {
      domainName,
      certificate: props.serverCertificate ?? validatedCertificate(this, props),
      ownershipCertificate: ownershipCertificate(this, props),
      mtls: {
        bucket: props.truststore.bucket,
        key: props.truststore.objectKey,
        version: props.truststore.versionId,
      },
      // Mutual TLS allows no newer policy.
      // https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html
      securityPolicy: apigatewayv2.SecurityPolicy.TLS_1_2,
      ipAddressType: apigatewayv2.IpAddressType.DUAL_STACK,
    });

    this.truststoreInUse = this.waitFor(props.truststore, domainName);

    const authorizer = new MeshFunction(this, 'Authorizer', {
      asset: 'authorizer',
      description: 'Decides by the client certificate who may call',
      // API Gateway waits no longer.
      timeout: Duration.seconds(10),
      memorySize: 512,
      environment: {
        [TRUST_DOMAIN_VARIABLE]: registry.trustDomain,
        [REGISTRY_TABLE_VARIABLE]: registry.table.tableName,
      },
      logRetention: props.logRetention,
      removalPolicy,
    });
    this.handler = authorizer.handler;
    registry.grantLookup(this.handler);

    this.api = new apigatewayv2.HttpApi(this, 'Api', {
      apiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      description: `Mutual TLS on ${domainName}`,
      disableExecuteApiEndpoint: true,
      createDefaultStage: false,
      // Without identity source and cache: with them, one client's answer would serve another.
      defaultAuthorizer: new HttpLambdaAuthorizer('Authorizer', this.handler, {
        identitySource: [],
        resultsCacheTtl: Duration.seconds(0),
        responseTypes: [HttpLambdaResponseType.SIMPLE],
      }),
    });

    this.accessLog = new logs.LogGroup(this, 'AccessLog', {
      retention: props.logRetention ?? DEFAULT_LOG_RETENTION,
      removalPolicy,
    });
    const stage = new apigatewayv2.HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      accessLogSettings: {
        destination: new apigatewayv2.LogGroupLogDestination(this.accessLog),
        format: apigateway.AccessLogFormat.custom(ACCESS_LOG_FORMAT),
      },
    });
    new apigatewayv2.ApiMapping(this, 'Mapping', { api: this.api, domainName: this.domain, stage });

    if (props.hostedZone) this.addRecords(domainName, props.hostedZone);
  }

  /** By name and not by reference: the function is there before the domain. */
  private waitFor({ handler, versionId }: Truststore, domainName: string): IDependable {
    handler.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ['apigateway:GET'],
        resources: [
          Stack.of(this).formatArn({
            service: 'apigateway',
            account: '',
            resource: '/domainnames',
            resourceName: domainName,
          }),
        ],
      }),
    );
    const properties: DomainTruststoreProperties = { DomainName: this.domain.name, TruststoreVersion: versionId };
    return new CustomResource(this, 'TruststoreInUse', {
      resourceType: DOMAIN_TRUSTSTORE_RESOURCE_TYPE,
      serviceToken: handler.functionArn,
      serviceTimeout: CUSTOM_RESOURCE_TIMEOUT,
      properties,
    });
  }

  private addRecords(domainName: string, zone: route53.IHostedZone): void {
    const target = route53.RecordTarget.fromAlias(
      new ApiGatewayv2DomainProperties(this.domain.regionalDomainName, this.domain.regionalHostedZoneId),
    );
    new route53.ARecord(this, 'Ipv4Record', { zone, recordName: domainName, target });
    new route53.AaaaRecord(this, 'Ipv6Record', { zone, recordName: domainName, target });
  }
}

function checkHostedZone(gateway: MtlsGateway, { domainName, hostedZone }: MtlsDomainOptions): void {
  if (!hostedZone || Token.isUnresolved(hostedZone.zoneName)) return;
  const zoneName = hostedZone.zoneName.replace(/\.$/, '');
  checkText(gateway, 'domainName', domainName, (name) =>
    name === zoneName || name.endsWith(`.${zoneName}`) ? undefined : `must lie in hostedZone (${zoneName})`,
  );
}

function validatedCertificate(gateway: MtlsGateway, { domainName, hostedZone }: MtlsDomainOptions): acm.ICertificate {
  if (!hostedZone) {
    throw new Error(
      `${gateway.node.path}: serverCertificate or hostedZone must be given, got neither: ` +
        `the gateway needs an ACM certificate for ${JSON.stringify(domainName)}, or a zone in which ACM can validate one`,
    );
  }
  return new acm.Certificate(gateway, 'ServerCertificate', {
    domainName,
    validation: acm.CertificateValidation.fromDns(hostedZone),
  });
}

/** Whether a certificate was imported shows only when ACM is asked; whether it is private, if it was made in this app. */
function ownershipCertificate(gateway: MtlsGateway, props: MtlsDomainOptions): acm.ICertificate | undefined {
  const { serverCertificate, ownershipCertificate } = props;
  if (serverCertificate instanceof acm.PrivateCertificate && !ownershipCertificate) {
    refuse(gateway, 'ownershipCertificate', 'must be given when serverCertificate is private', 'none');
  }
  if (ownershipCertificate instanceof acm.PrivateCertificate) {
    refuse(gateway, 'ownershipCertificate', 'must be a public certificate', ownershipCertificate.node.path);
  }
  return ownershipCertificate;
}
