import { Stack, Tags } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { EVENT_SOURCE, METRIC_DIMENSION, METRICS, REASON_DIMENSION } from '../mesh/contract';
import { dnsNameProblem, trustDomainProblem } from '../mesh/names';
import { CertificateAuthority } from './certificate-authority';
import { CertificateIssuer } from './certificate-issuer';
import type { DenialReason } from './denial-reason';
import { ExternalClient, type ExternalClientOptions } from './external-client';
import { ImportedMesh } from './imported-mesh';
import type { ICertificateAuthority, ITrustAnchor } from './interfaces';
import { MeshAlarms } from './mesh-alarms';
import type { MtlsServiceMeshAttributes } from './mesh-attributes';
import { MeshClient } from './mesh-client';
import type { ClientCertificateOptions, MeshClientOptions } from './mesh-client-options';
import { MeshDashboard, type MeshDashboardOptions } from './mesh-dashboard';
import type { EncryptionOptions } from './mesh-function-options';
import type { IMtlsServiceMesh } from './mesh-interface';
import { MeshRegistry } from './mesh-registry';
import { MeshService, type MeshServiceOptions } from './mesh-service';
import { MtlsGateway } from './mtls-gateway';
import type { MtlsServiceMeshProps } from './mtls-service-mesh-props';
import { NEEDS_LISTING_AUTHORITY } from './private/issuer-environment';
import { childId } from './private/mesh-children';
import { functionOptions } from './private/mesh-function';
import { meshMetric } from './private/mesh-metric';
import { addMeshOutput, addMeshParameter, attributesByName } from './private/mesh-parameter';
import { isStackArn } from './private/other-accounts';
import { checkProps } from './private/properties/check';
import { api as apiKind } from './private/properties/construct-kinds';
import { MESH_PROPS } from './private/properties/interface-kinds';
import { grantReadTraffic } from './private/traffic-grant';
import { grantReadCertificates } from './private/trust-anchor-certificates';
import { addTrustAnchorParameter } from './private/trust-anchor-parameter';
import { checkKind, checkText, refuse } from './private/validation';
import { ProtectedApi } from './protected-api';
import { RevocationLists } from './revocation-lists';
import { TrustAnchor } from './trust-anchor';
import type { TrustAnchorSource } from './trust-anchor-source';
import { Truststore } from './truststore';

/** Options of the metric of denied requests. */
export interface RequestsDeniedMetricOptions extends cloudwatch.MetricOptions {
  /**
   * The reason to count.
   * @default - all reasons
   */
  readonly reason?: DenialReason;
}

/**
 * A complete mutual TLS service mesh: services that know which client calls them, and that only those clients call which may,
 * in one trust domain.
 *
 * - The *certificate authority* signs a certificate for each client.
 * - The *truststore* publishes the chain of the authority.
 * - The *gateway* admits only clients with a certificate of that authority, and tells services who calls.
 * - The *issuer* stores the key and certificate of each client in a secret, and replaces them before they expire.
 * - The *registry* contains every client and certificate, so you can refuse one without a change for the others.
 * - The *alarms* ring before anything expires.
 *
 * You can also use each part as a construct on its own.
 *
 * @example
 * declare const schedule: lambda.IFunction;
 * declare const mailApp: lambda.Function;
 * declare const hostedZone: route53.IHostedZone;
 *
 * const mesh = new MtlsServiceMesh(this, 'Mesh', { domainName: 'mesh.example.com', hostedZone });
 * const service = mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(schedule) });
 * const mail = mesh.addClient('mail');
 * mail.grantRead(mailApp);
 * service.allow(mail, { methods: [apigatewayv2.HttpMethod.POST], path: '/events' });
 */
export class MtlsServiceMesh extends Construct implements IMtlsServiceMesh {
  /**
   * A mesh of another app in the same account and Region, which has allowed this stack with `allowStack`. CloudFormation reads
   * what it needs to know of the mesh from the SSM parameter `/mtls-mesh/<trust domain>` when the stack is deployed.
   *
   * @param trustDomain the trust domain of the mesh, which is its domain name by default
   */
  static fromMeshName(scope: Construct, id: string, trustDomain: string): ImportedMesh {
    return new ImportedMesh(scope, id, attributesByName(scope, trustDomain));
  }

  /**
   * A mesh of another app in the same Region, by its attributes.
   *
   * For a mesh of another account, set `env` of the stack, and take the attributes from the output that `allowStack` adds to the
   * stack of the mesh. See `ImportedMesh.addSecretsRole`.
   */
  static fromMeshAttributes(scope: Construct, id: string, attributes: MtlsServiceMeshAttributes): ImportedMesh {
    return new ImportedMesh(scope, id, attributes);
  }

  /** The SPIFFE trust domain. The names of secrets start with it. */
  readonly trustDomain: string;

  /** The authority that signs the certificates of all clients: the last of `trustedAuthorities`. */
  readonly certificateAuthority: ICertificateAuthority;

  /** The authorities whose certificates the gateway accepts, oldest first. */
  readonly trustedAuthorities: ICertificateAuthority[];

  /** Publishes the certificates that the gateway trusts. */
  readonly truststore: Truststore;

  /** Contains the clients and every certificate that was issued to them. */
  readonly registry: MeshRegistry;

  /** Admits clients and forwards their requests to the services. */
  readonly gateway: MtlsGateway;

  /** Stores certificates in the clients' secrets. */
  readonly issuer: CertificateIssuer;

  /**
   * The revocation lists of authorities with keys in AWS KMS.
   * @default - none of the authorities has its key in AWS KMS
   */
  readonly revocationLists?: RevocationLists;

  /** Alarms that ring before the gateway refuses clients. */
  readonly alarms: MeshAlarms;

  private readonly certificateOptions: ClientCertificateOptions & EncryptionOptions;
  private operators?: iam.ManagedPolicy;
  private isPublished = false;
  private isOutput = false;

  constructor(scope: Construct, id: string, props: MtlsServiceMeshProps) {
    super(scope, id);

    checkProps(this, props, MESH_PROPS);
    const { removalPolicy } = props;
    const options = functionOptions(props);
    for (const [key, value] of Object.entries(props.tags ?? {})) Tags.of(this).add(key, value);
    checkText(this, 'domainName', props.domainName, dnsNameProblem);
    if (props.trustDomain === undefined) checkText(this, 'domainName', props.domainName, trustDomainProblem);
    this.trustDomain = props.trustDomain ?? props.domainName;

    const first =
      props.certificateAuthority ??
      CertificateAuthority.shortLivedRoot(this, 'CertificateAuthority', { removalPolicy });
    const successors = props.certificateAuthoritySuccessors ?? [];
    checkDistinct(this, [first, ...successors]);
    this.trustedAuthorities = [first, ...successors];
    this.certificateAuthority = successors.at(-1) ?? first;

    const listing = this.trustedAuthorities.filter(({ issuesRevocationLists }) => issuesRevocationLists);
    if (listing.length === 0) refuseListOptions(this, props);

    this.registry = new MeshRegistry(this, 'Registry', {
      trustDomain: this.trustDomain,
      deletionProtection: props.deletionProtection,
      adoptRegistry: props.adoptRegistry,
      encryptionKey: props.encryptionKey,
      removalPolicy,
    });

    this.truststore = new Truststore(this, 'Truststore', {
      certificateAuthorities: this.trustedAuthorities,
      registry: this.registry,
      ...options,
    });

    this.gateway = new MtlsGateway(this, 'Gateway', {
      domainName: props.domainName,
      serverCertificate: props.serverCertificate,
      ownershipCertificate: props.ownershipCertificate,
      hostedZone: props.hostedZone,
      throttle: props.throttle,
      truststore: this.truststore,
      registry: this.registry,
      revocationDelay: props.revocationDelay,
      outageTolerance: props.outageTolerance,
      authorizerConcurrency: props.authorizerConcurrency,
      ...options,
    });

    this.issuer = new CertificateIssuer(this, 'Issuer', {
      registry: this.registry,
      certificateAuthority: this.certificateAuthority,
      certificateAuthorityPredecessors: this.trustedAuthorities.slice(0, -1),
      gateway: this.gateway,
      revocationListAddress: props.revocationListAddress,
      ...options,
    });

    if (listing.length > 0) {
      this.revocationLists = new RevocationLists(this, 'RevocationLists', {
        registry: this.registry,
        certificateAuthorities: listing,
        validity: props.revocationListValidity,
        ...options,
      });
    }

    this.alarms = new MeshAlarms(this, 'Alarms', {
      trustDomain: this.trustDomain,
      issuer: this.issuer,
      revocationLists: listing.length > 0,
      topic: props.alarmTopic,
    });

    this.certificateOptions = props;
  }

  /** The base URL that clients call, without a slash at the end: `https://<domain name>`. */
  get url(): string {
    return this.gateway.url;
  }

  /**
   * Adds a client. The deployment issues its first certificate after the gateway trusts the authority, unless the client
   * keeps its own key.
   *
   * @param name a DNS label (RFC 1123) in lower case that starts with a letter; unique among the clients of the mesh. A
   * service that calls other services is a client too, and can have the same name.
   */
  addClient(name: string, options: MeshClientOptions = {}): MeshClient {
    const ofSecret = options.ownKey ? undefined : this.certificateOptions;
    return new MeshClient(this, childId(this, 'Client', name), {
      ...options,
      keyAlgorithm: options.keyAlgorithm ?? this.certificateOptions.keyAlgorithm,
      certificateValidity: options.certificateValidity ?? this.certificateOptions.certificateValidity,
      rotateAfter: options.rotateAfter ?? ofSecret?.rotateAfter,
      overlap: options.overlap ?? ofSecret?.overlap,
      encryptionKey: options.encryptionKey ?? ofSecret?.encryptionKey,
      clientName: name,
      issuer: this.issuer,
    });
  }

  /**
   * Makes the gateway trust an authority outside the mesh in handshakes. That alone admits nobody: use `addExternalClient`
   * to add clients of the authority.
   *
   * @param name the name that operators know the trust anchor by: a DNS label (RFC 1123) in lower case that starts with a
   * letter; unique among the trust anchors of the mesh
   */
  addTrustAnchor(name: string, source: TrustAnchorSource): TrustAnchor {
    return new TrustAnchor(this, childId(this, 'TrustAnchor', name), {
      trustAnchorName: name,
      source,
      truststore: this.truststore,
    });
  }

  /** The trust anchor that `addTrustAnchor` has added by this name. Throws if there is none. */
  trustAnchor(name: string): ITrustAnchor {
    const known = this.node.tryFindChild(`TrustAnchor-${name}`) as TrustAnchor | undefined;
    return (
      known ?? refuse(this, 'trust anchor name', 'must be one that addTrustAnchor has added', JSON.stringify(name))
    );
  }

  /**
   * Adds a client whose certificates come from a trust anchor. Services know it by `name`, like any other client.
   *
   * @param name a DNS label (RFC 1123) in lower case that starts with a letter; unique among all clients of the mesh
   */
  addExternalClient(name: string, options: ExternalClientOptions): ExternalClient {
    return new ExternalClient(this, childId(this, 'Client', name), {
      ...options,
      clientName: name,
      issuer: this.issuer,
    });
  }

  /**
   * Adds a service that clients call at `https://<domain name>/<name>`. No client may call it until `allow` or
   * `allowAllClients` of the service lets it.
   *
   * @param name a DNS label (RFC 1123) in lower case that starts with a letter; unique among the services of the mesh
   */
  addService(name: string, options: MeshServiceOptions): MeshService {
    return new MeshService(this, childId(this, 'Service', name), {
      ...options,
      serviceName: name,
      gateway: this.gateway,
      issuer: this.issuer,
    });
  }

  /**
   * Makes an HTTP API or a REST API of yours a service of the mesh, at `https://<domain name>/<name>`. No client may call it until
   * `allow` or `allowAllClients` of the result lets it.
   *
   * The API may be in another stack of the app, which must not be one that the stack of the mesh depends on. What protects it is then
   * part of the API's stack.
   *
   * @param name as in `addService`
   * @param api an HTTP API with a default stage, or a regional REST API, with `disableExecuteApiEndpoint`
   */
  protect(name: string, api: apigateway.RestApi | apigatewayv2.IHttpApi): ProtectedApi {
    const id = childId(this, 'Service', name);
    checkKind(this, 'api', api, apiKind);
    // Methods refer to the authorizer, and the authorizer to the API: in two stacks, that would be a cycle.
    return new ProtectedApi(Stack.of(api) === Stack.of(this) ? this : api, id, {
      api,
      serviceName: name,
      gateway: this.gateway,
      issuer: this.issuer,
    });
  }

  /**
   * Lets stacks of other apps, in the same Region, add clients and services to the mesh. They import it with `fromMeshName`, or in
   * another account, where they can add clients only, with `fromMeshAttributes`. A name of a client or a service belongs to the stack that declares it first, and only the stack of a service
   * decides who may call it.
   *
   * Whoever may deploy a stack with such a name, and invoke the deployment function, can declare clients. See the security
   * model.
   *
   * For another account, it adds an output with the attributes for `fromMeshAttributes`, as JSON. At most 20 other accounts.
   *
   * @param stackName the name of a stack, or the beginning of names, with `-*` at its end. For another account, an ARN with both
   * account and Region, such as `arn:aws:cloudformation:eu-central-1:222222222222:stack/mail/*`
   */
  allowStack(stackName: string): void {
    this.issuer.serveStacksNamed(stackName);
    const attributes = this.attributes();
    if (!this.isPublished) addMeshParameter(this, attributes);
    this.isPublished = true;
    if (this.isOutput || !isStackArn(stackName)) return;
    this.isOutput = true;
    const { deploymentHandler, rotationHandler } = this.issuer;
    const issuerRoleArns = [deploymentHandler, rotationHandler].flatMap(({ role }) => (role ? [role.roleArn] : []));
    addMeshOutput(this, { ...attributes, issuerRoleArns });
  }

  private attributes(): MtlsServiceMeshAttributes {
    const { trustDomain, gateway, issuer, certificateAuthority } = this;
    return {
      trustDomain,
      domainName: gateway.domainName,
      apiId: gateway.httpApi.apiId,
      authorizerId: gateway.authorizerId,
      deploymentFunctionArn: issuer.deploymentHandler.functionArn,
      rotationFunctionArn: issuer.rotationHandler.functionArn,
      requestFunctionArn: issuer.requestFunctionArn,
      requestUrl: issuer.requestUrl,
      certificateAuthorityArn: certificateAuthority.certificateAuthorityArn,
      signingAlgorithm: certificateAuthority.signingAlgorithm,
    };
  }

  /**
   * Lets the stacks of `allowStack` add external clients of a trust anchor, which they import with `trustAnchor(name)` of the
   * imported mesh. An SSM parameter says where the certificates are. No stack of another app can add a trust anchor.
   *
   * @param trustAnchor a trust anchor of this mesh. If its certificates have more than 4,096 characters, they must be in a bucket
   * object.
   */
  allowTrustAnchor(trustAnchor: TrustAnchor): void {
    addTrustAnchorParameter(this, this.trustDomain, trustAnchor);
    grantReadCertificates(trustAnchor, this.issuer.deploymentHandler);
  }

  /**
   * The permissions that the `mtls-mesh` command needs to list clients, revoke certificates, disable and enable clients, start
   * rotations, and read the logs of the gateway and its authorizer. The policy doesn't allow anyone to issue certificates, read
   * secrets, or make a revoked certificate valid again. The stack contains it once you use this property.
   */
  get operatorPolicy(): iam.ManagedPolicy {
    if (!this.operators) {
      this.operators = new iam.ManagedPolicy(this, 'OperatorPolicy', {
        description: `Operates the mesh ${this.trustDomain}`,
      });
      this.registry.grantOperate(this.operators);
      this.issuer.grantRotate(this.operators);
      this.issuer.grantRevoke(this.operators);
      grantReadTraffic(this.gateway, this.operators);
    }
    return this.operators;
  }

  /**
   * Adds a CloudWatch dashboard: alarms, requests, denials by reason, latency of the authorizer, calls by client, rotations, and
   * the time until certificates and authorities expire. Call it once.
   */
  addDashboard(options: MeshDashboardOptions = {}): MeshDashboard {
    return new MeshDashboard(this, 'Dashboard', {
      ...options,
      trustDomain: this.trustDomain,
      gateway: this.gateway,
      alarms: this.alarms,
    });
  }

  /**
   * Adds a rule for the mesh's events: `Certificate Issued`, `Certificate Rotated`, `Certificate Rotation Failed`,
   * `Certificate Revoked`, `Certificate Expiring`, and `Truststore Changed`. Use `eventPattern.detailType` to select some
   * of them. The event detail contains the trust domain, the client, and the fingerprint and expiry of the certificate.
   */
  onEvent(id: string, options: events.OnEventOptions = {}): events.Rule {
    const rule = new events.Rule(options.crossStackScope ?? this, id, options);
    rule.addEventPattern({ source: [EVENT_SOURCE], detail: { trustDomain: [this.trustDomain] } });
    rule.addTarget(options.target);
    return rule;
  }

  /** The number of certificates issued. Sum over 5 minutes. */
  metricCertificatesIssued(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.certificatesIssued, options);
  }

  /** The number of successful rotations. Sum over 5 minutes. */
  metricRotationsSucceeded(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.rotationsSucceeded, options);
  }

  /** The number of failed rotation attempts. Sum over 5 minutes. */
  metricRotationsFailed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.rotationsFailed, options);
  }

  /** The number of certificates revoked. Sum over 5 minutes. */
  metricCertificatesRevoked(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.certificatesRevoked, options);
  }

  /** The number of events and metrics that could not be sent. Sum over 5 minutes. */
  metricAuditIncomplete(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.auditIncomplete, options);
  }

  /** The number of current certificates with less than a third of their validity left. Maximum over an hour. */
  metricCertificatesExpiring(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.certificatesExpiring, options);
  }

  /**
   * The number of items of the registry that the hourly run met, could not read, and skipped. Maximum over an hour. The run
   * reads only what is due, so that an item can be malformed for some time before it counts. The run's log names each of
   * them in a line `registry-item-malformed`.
   */
  metricRegistryItemsMalformed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.registryItemsMalformed, options);
  }

  /**
   * The hours until the first current certificate expires. Minimum over an hour. If no certificate should have been replaced
   * by now, it is the first one of the next hundred clients whose certificates should be.
   */
  metricHoursToExpiry(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.hoursToExpiry, options);
  }

  /**
   * The days until the first certificate authority expires. Minimum over an hour. An authority counts until its last
   * certificate has expired, and one of a trust anchor while a client of it may call.
   */
  metricDaysToAuthorityExpiry(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.daysToAuthorityExpiry, options);
  }

  /** The number of times that the revocation lists were published. Sum over an hour. */
  metricRevocationListsPublished(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.revocationListsPublished, options);
  }

  /** The number of lookups of a caller that the authorizer could not make. Sum over 5 minutes. */
  metricRegistryUnavailable(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.registryUnavailable, options);
  }

  /**
   * The number of requests that the authorizer denied, for any reason or for one of them. Sum over 5 minutes. It doesn't
   * contain handshakes that the gateway refuses.
   *
   * CloudWatch charges for each reason that occurs, as for a metric of its own, about $0.30 a month. There is no metric for
   * each caller: the log of the authorizer names the certificates.
   */
  metricRequestsDenied(options: RequestsDeniedMetricOptions = {}): cloudwatch.Metric {
    const { reason, ...rest } = options;
    const dimensionsMap = reason && { [METRIC_DIMENSION]: this.trustDomain, [REASON_DIMENSION]: reason };
    return meshMetric(this.trustDomain, METRICS.requestsDenied, { ...(dimensionsMap && { dimensionsMap }), ...rest });
  }
}

function checkDistinct(mesh: MtlsServiceMesh, authorities: readonly ICertificateAuthority[]): void {
  const arns = authorities.map(({ certificateAuthorityArn }) => certificateAuthorityArn);
  const repeated = authorities.find(
    ({ certificateAuthorityArn }, place) => arns.indexOf(certificateAuthorityArn) < place,
  );
  if (repeated !== undefined) {
    const rule = 'must contain each authority once, and not the certificateAuthority';
    refuse(mesh, 'certificateAuthoritySuccessors', rule, `${repeated.node.path} again`);
  }
}

function refuseListOptions(mesh: MtlsServiceMesh, props: MtlsServiceMeshProps): void {
  for (const property of ['revocationListAddress', 'revocationListValidity'] as const) {
    if (props[property] !== undefined) refuse(mesh, property, NEEDS_LISTING_AUTHORITY, 'a value');
  }
}
