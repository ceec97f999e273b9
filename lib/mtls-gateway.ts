import { Duration, Names, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets';
import { Construct, type IDependable } from 'constructs';
import { REGISTRY_TABLE_VARIABLE, TRUST_DOMAIN_VARIABLE } from '../mesh/contract';
import { dnsNameProblem } from '../mesh/names';
import type { AuthorizerOptions } from './authorizer-options';
import type { IMeshRegistry, IMtlsGateway, IProtectingGateway, ITruststore } from './interfaces';
import type { EncryptionOptions, MeshFunctionOptions } from './mesh-function-options';
import { ACCESS_LOG_FORMAT } from './private/access-log';
import { authorizerEnvironment } from './private/authorizer-environment';
import { checkCertificateRegion, isPrivateCertificate, isPrivateZone } from './private/gateway-domain';
import { claimRegionalName } from './private/identity-claims';
import { allowLogs } from './private/key-grant';
import { checkConcurrency, DEFAULT_LOG_RETENTION, functionOptions, MeshFunction } from './private/mesh-function';
import { checkProps } from './private/properties/check';
import { GATEWAY_PROPS } from './private/properties/interface-kinds';
import { refuseSideDoors } from './private/side-doors/validation';
import { SourcelessAuthorizer } from './private/sourceless-authorizer';
import { checkText, refuse } from './private/validation';
import { stageThrottle, type ThrottleOptions } from './throttle';

/** Options of a gateway's domain. */
export interface MtlsDomainOptions {
  /** The name that clients call, such as `mesh.example.com`. */
  readonly domainName: string;

  /**
   * The certificate that the gateway presents to clients, from ACM in the gateway's Region. A certificate that was
   * imported into ACM, or issued by a private authority, requires `ownershipCertificate` as well.
   *
   * @default - an ACM certificate for `domainName`, validated by DNS in `hostedZone`
   */
  readonly serverCertificate?: acm.ICertificate;

  /**
   * A public ACM certificate for `domainName`, which proves that you own the domain if `serverCertificate` doesn't. It
   * isn't used in handshakes, but you can't update the domain after it expires.
   *
   * @default - none: `serverCertificate` is a public ACM certificate
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
   */
  readonly ownershipCertificate?: acm.ICertificate;

  /**
   * The public hosted zone that contains `domainName`. The stack adds records that point the name to the gateway and,
   * unless you set `serverCertificate`, records that validate the gateway's certificate.
   *
   * @default - no records: point `domainName` to `domain.regionalDomainName` yourself
   */
  readonly hostedZone?: route53.IHostedZone;
}

/** Properties of an `MtlsGateway`. */
export interface MtlsGatewayProps
  extends MtlsDomainOptions,
    AuthorizerOptions,
    ThrottleOptions,
    MeshFunctionOptions,
    EncryptionOptions {
  /** The authorities that the gateway trusts. */
  readonly truststore: ITruststore;

  /**
   * The clients that the gateway admits, and their certificates. The registry also determines the trust domain.
   */
  readonly registry: IMeshRegistry;

  /**
   * How long the access log and the log of the authorizer are kept.
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What happens to the logs when they are removed from the stack.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The entry point of a mesh: an HTTP API behind a domain that requires a client certificate.
 *
 * During the handshake, API Gateway verifies that the certificate was issued by an authority in the truststore. For each
 * request, the authorizer then identifies the client by its certificate. It refuses callers that aren't clients of the
 * trust domain, disabled clients, revoked certificates, and certificates that the registry doesn't contain. It caches what
 * it reads from the registry for `revocationDelay`. It refuses a certificate of another trust domain, or of none, unless
 * the certificate identifies an external client. It also refuses requests that no grant lets in, requests that bring identity
 * headers themselves, and paths that a service may read as another path. The API has no other address: its `execute-api` endpoint, which doesn't
 * require a certificate, is disabled.
 */
export class MtlsGateway extends Construct implements IMtlsGateway, IProtectingGateway {
  /**
   * The HTTP API. Every route uses the authorizer. Only services have grants, so clients get 403 at routes that you add yourself
   * outside of the paths of a service.
   */
  readonly api: apigatewayv2.HttpApi;

  /** The same API as `api`, by the interface that services use. */
  readonly httpApi: apigatewayv2.IHttpApi;

  /** The custom domain. DNS records point to its `regionalDomainName`. */
  readonly domain: apigatewayv2.DomainName;

  /** The same domain as `domain`, by the interface that protected APIs use. */
  readonly customDomain: apigatewayv2.IDomainName;

  /**
   * Resources that depend on it are created after the domain uses the current version of the truststore. The deployment
   * fails if API Gateway warns that it would reject some clients.
   */
  readonly truststoreInUse: IDependable;

  /** The access log: one line of JSON for each request, which names the client and its certificate. */
  readonly accessLog: logs.LogGroup;

  /** The function of the authorizer. */
  readonly handler: lambda.IFunction;

  /** The log of the authorizer: one line of JSON for each request that it denies, with the reason and the certificate. */
  readonly authorizerLog: logs.ILogGroup;

  /** The domain name that clients call. */
  readonly domainName: string;

  /** The authorities that the gateway trusts. */
  readonly truststore: ITruststore;

  /** The key that encrypts the logs, and secrets that integrations add. */
  readonly encryptionKey?: kms.IKey;

  /** The base URL that clients call, without a slash at the end: `https://<domain name>`. */
  readonly url: string;

  private readonly authorizer: SourcelessAuthorizer;

  constructor(scope: Construct, id: string, props: MtlsGatewayProps) {
    super(scope, id);

    checkProps(this, props, GATEWAY_PROPS);
    const { domainName, registry, removalPolicy = RemovalPolicy.RETAIN } = props;
    checkText(this, 'domainName', domainName, dnsNameProblem);
    claimRegionalName(this, 'domainName', domainName);
    checkHostedZone(this, props);
    for (const property of ['serverCertificate', 'ownershipCertificate'] as const) {
      checkCertificateRegion(this, property, props[property]);
    }
    checkConcurrency(this, 'authorizerConcurrency', props.authorizerConcurrency);
    this.domainName = domainName;
    this.truststore = props.truststore;
    this.encryptionKey = props.encryptionKey;
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

    this.customDomain = this.domain;
    this.truststoreInUse = props.truststore.waitForUse(this, { domainName, domain: this.domain });

    const authorizer = new MeshFunction(this, 'Authorizer', {
      ...functionOptions(props),
      reservedConcurrentExecutions: props.authorizerConcurrency ?? props.reservedConcurrentExecutions,
      asset: 'authorizer',
      description: 'Decides by the client certificate who may call',
      // The longest that API Gateway waits.
      timeout: Duration.seconds(10),
      memorySize: 512,
      environment: {
        [TRUST_DOMAIN_VARIABLE]: registry.trustDomain,
        [REGISTRY_TABLE_VARIABLE]: registry.table.tableName,
        ...authorizerEnvironment(this, props),
      },
      services: ['dynamodb'],
      removalPolicy,
    });
    this.handler = authorizer.handler;
    this.authorizerLog = authorizer.logGroup;
    registry.grantLookup(this.handler);

    this.authorizer = new SourcelessAuthorizer('Authorizer', this.handler);
    this.api = new apigatewayv2.HttpApi(this, 'Api', {
      apiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      description: `Mutual TLS on ${domainName}`,
      disableExecuteApiEndpoint: true,
      ipAddressType: apigatewayv2.IpAddressType.DUAL_STACK,
      createDefaultStage: false,
      defaultAuthorizer: this.authorizer,
    });
    this.httpApi = this.api;

    if (props.encryptionKey) allowLogs(this, props.encryptionKey);
    this.accessLog = new logs.LogGroup(this, 'AccessLog', {
      encryptionKey: props.encryptionKey,
      retention: props.logRetention ?? DEFAULT_LOG_RETENTION,
      removalPolicy,
    });
    const stage = new apigatewayv2.HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      throttle: stageThrottle(this, props),
      accessLogSettings: {
        destination: new apigatewayv2.LogGroupLogDestination(this.accessLog),
        format: apigateway.AccessLogFormat.custom(ACCESS_LOG_FORMAT),
      },
    });
    new apigatewayv2.ApiMapping(this, 'Mapping', { api: this.api, domainName: this.domain, stage });

    if (props.hostedZone) this.addRecords(domainName, props.hostedZone);
    refuseSideDoors(this);
  }

  /** The ID of the API's authorizer, which other apps need for routes of their own. */
  get authorizerId(): string {
    return this.authorizer.addTo(this.api);
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
    name === zoneName || name.endsWith(`.${zoneName}`) ? undefined : `must be in hostedZone (${zoneName})`,
  );
}

function validatedCertificate(gateway: MtlsGateway, { domainName, hostedZone }: MtlsDomainOptions): acm.ICertificate {
  if (!hostedZone) {
    throw new Error(
      `${gateway.node.path}: serverCertificate or hostedZone must be set, got neither: ` +
        `the gateway needs an ACM certificate for ${JSON.stringify(domainName)}, or a zone where ACM can validate one`,
    );
  }
  if (isPrivateZone(hostedZone)) {
    const rule = 'must be public when serverCertificate is not set, because ACM validates a certificate in it';
    refuse(gateway, 'hostedZone', rule, `the private zone ${hostedZone.node.path}`);
  }
  return new acm.Certificate(gateway, 'ServerCertificate', {
    domainName,
    validation: acm.CertificateValidation.fromDns(hostedZone),
  });
}

/** Synthesis can only tell that a certificate is private if this app creates it. Only ACM knows whether it was imported. */
function ownershipCertificate(gateway: MtlsGateway, props: MtlsDomainOptions): acm.ICertificate | undefined {
  const { serverCertificate, ownershipCertificate } = props;
  if (isPrivateCertificate(serverCertificate) && !ownershipCertificate) {
    refuse(gateway, 'ownershipCertificate', 'must be set when serverCertificate is private', 'none');
  }
  if (ownershipCertificate && isPrivateCertificate(ownershipCertificate)) {
    refuse(gateway, 'ownershipCertificate', 'must be a public certificate', ownershipCertificate.node.path);
  }
  return ownershipCertificate;
}
