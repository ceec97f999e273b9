import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { EVENT_SOURCE, METRICS } from '../mesh/contract';
import { clientNameProblem, dnsNameProblem } from '../mesh/names';
import { CertificateAuthority, type ICertificateAuthority } from './certificate-authority';
import { CertificateIssuer } from './certificate-issuer';
import { ExternalClient, type ExternalClientOptions } from './external-client';
import { MeshAlarms } from './mesh-alarms';
import { type ClientCertificateOptions, MeshClient, type MeshClientOptions } from './mesh-client';
import { MeshRegistry, type MeshRegistryOptions } from './mesh-registry';
import { MeshService, type MeshServiceOptions } from './mesh-service';
import { type MtlsDomainOptions, MtlsGateway } from './mtls-gateway';
import { grantPutEvents } from './private/event-grant';
import { grantPutMetricData, meshMetric } from './private/mesh-metric';
import { checkText, refuse } from './private/validation';
import { TrustAnchor } from './trust-anchor';
import type { TrustAnchorSource } from './trust-anchor-source';
import { Truststore } from './truststore';

/** Properties of an `MtlsServiceMesh`. */
export interface MtlsServiceMeshProps extends MtlsDomainOptions, ClientCertificateOptions, MeshRegistryOptions {
  /**
   * The SPIFFE trust domain. Clients are `spiffe://<trust domain>/<client name>`, their secrets
   * `<trust domain>/<client name>`.
   *
   * @default - the same as `domainName`
   */
  readonly trustDomain?: string;

  /**
   * The authority that issues the clients' certificates, and whose clients the gateway lets in; the first of them, if it
   * has successors.
   *
   * @default - `CertificateAuthority.shortLivedRoot`, about $50 a month
   */
  readonly certificateAuthority?: ICertificateAuthority;

  /**
   * The authorities that took over from `certificateAuthority`, in their order: the last one issues, and certificates of
   * all are let in. To replace an authority without a refused request, add its successor here. In one deployment the
   * gateway comes to trust both, and then every client is given a certificate of the successor. Once the certificates of
   * the first have expired, make the successor the `certificateAuthority` and take it out here: that deployment fails, and
   * says which clients it concerns, as long as a certificate of the first may be used.
   *
   * @default - none
   */
  readonly certificateAuthoritySuccessors?: ICertificateAuthority[];

  /**
   * The topic that is told when a rotation fails, or a certificate or an authority is about to expire.
   * @default - none: there are alarms, but nobody is told
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * What becomes of the authority made here, the truststore, the registry and the logs when they leave the stack.
   * `DESTROY` is for test stacks: with it nothing is left, and nothing costs any more. The clients' secrets have a policy
   * of their own.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * How long the access log and the logs of the functions are kept.
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;
}

/**
 * Services that know for certain who calls them: one trust domain, from the certificate authority to the last client.
 *
 * - The *certificate authority* signs a certificate for each client.
 * - The *truststore* publishes the authority's chain, so that
 * - the *gateway* lets in only callers whose certificate that authority signed, and tells the services who they are.
 * - The *issuer* puts key and certificate of each client into a secret, from which the client fetches them, and replaces
 *   both in time.
 * - The *registry* knows every client and certificate, so that one can be refused without a change for the others.
 * - *Alarms* ring before anything expires.
 *
 * Every part is a construct that can also be used on its own.
 *
 * @example
 * declare const schedule: lambda.IFunction;
 * declare const mailApp: lambda.Function;
 * declare const hostedZone: route53.IHostedZone;
 *
 * const mesh = new MtlsServiceMesh(this, 'Mesh', { domainName: 'mesh.example.com', hostedZone });
 * mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(schedule) });
 * mesh.addClient('mail').grantRead(mailApp);
 */
export class MtlsServiceMesh extends Construct {
  /** The SPIFFE trust domain, with which the names of clients and secrets begin. */
  readonly trustDomain: string;

  /** Signs the certificates of all clients: the last of `trustedAuthorities`. */
  readonly certificateAuthority: ICertificateAuthority;

  /** Those whose certificates are let in, oldest first. */
  readonly trustedAuthorities: ICertificateAuthority[];

  /** Holds what the gateway trusts. */
  readonly truststore: Truststore;

  /** Knows the clients, and every certificate issued to them. */
  readonly registry: MeshRegistry;

  /** Lets clients in, and leads them to the services. */
  readonly gateway: MtlsGateway;

  /** Puts certificates into the clients' secrets. */
  readonly issuer: CertificateIssuer;

  /** Ring before clients are refused. */
  readonly alarms: MeshAlarms;

  private readonly certificateOptions: ClientCertificateOptions;
  private operators?: iam.ManagedPolicy;

  constructor(scope: Construct, id: string, props: MtlsServiceMeshProps) {
    super(scope, id);

    const { removalPolicy, logRetention } = props;
    checkText(this, 'domainName', props.domainName, dnsNameProblem);
    this.trustDomain = props.trustDomain ?? props.domainName;

    const first =
      props.certificateAuthority ??
      CertificateAuthority.shortLivedRoot(this, 'CertificateAuthority', { removalPolicy });
    const successors = props.certificateAuthoritySuccessors ?? [];
    checkDistinct(this, [first, ...successors]);
    this.trustedAuthorities = [first, ...successors];
    this.certificateAuthority = successors.at(-1) ?? first;

    this.registry = new MeshRegistry(this, 'Registry', {
      trustDomain: this.trustDomain,
      deletionProtection: props.deletionProtection,
      removalPolicy,
    });

    this.truststore = new Truststore(this, 'Truststore', {
      certificateAuthorities: this.trustedAuthorities,
      registry: this.registry,
      removalPolicy,
      logRetention,
    });

    this.gateway = new MtlsGateway(this, 'Gateway', {
      domainName: props.domainName,
      serverCertificate: props.serverCertificate,
      ownershipCertificate: props.ownershipCertificate,
      hostedZone: props.hostedZone,
      truststore: this.truststore,
      registry: this.registry,
      removalPolicy,
      logRetention,
    });

    this.issuer = new CertificateIssuer(this, 'Issuer', {
      registry: this.registry,
      certificateAuthority: this.certificateAuthority,
      certificateAuthorityPredecessors: this.trustedAuthorities.slice(0, -1),
      gateway: this.gateway,
      removalPolicy,
      logRetention,
    });

    this.alarms = new MeshAlarms(this, 'Alarms', { trustDomain: this.trustDomain, topic: props.alarmTopic });

    this.certificateOptions = props;
  }

  /**
   * Adds a caller, and has its first certificate issued once the gateway trusts the authority, unless it is to keep its
   * own key.
   *
   * @param name a DNS label (RFC 1123) in lower case that starts with a letter; unique among the clients of the mesh. A
   * service that calls others is a client too, by the same name if you like.
   */
  addClient(name: string, options: MeshClientOptions = {}): MeshClient {
    const ofSecret = options.ownKey ? undefined : this.certificateOptions;
    return new MeshClient(this, this.idOf('Client', 'client name', name), {
      ...options,
      keyAlgorithm: options.keyAlgorithm ?? this.certificateOptions.keyAlgorithm,
      certificateValidity: options.certificateValidity ?? this.certificateOptions.certificateValidity,
      rotateAfter: options.rotateAfter ?? ofSecret?.rotateAfter,
      overlap: options.overlap ?? ofSecret?.overlap,
      clientName: name,
      issuer: this.issuer,
    });
  }

  /**
   * Adds the authority of somebody else to what the gateway trusts in handshakes. That lets in nobody yet: only those whom
   * `addExternalClient` names.
   *
   * @param name by which operators know the anchor: a DNS label (RFC 1123) in lower case that starts with a letter; unique
   * among the trust anchors of the mesh.
   */
  addTrustAnchor(name: string, source: TrustAnchorSource): TrustAnchor {
    return new TrustAnchor(this, this.idOf('TrustAnchor', 'trust anchor name', name), {
      trustAnchorName: name,
      source,
      truststore: this.truststore,
    });
  }

  /**
   * Adds a caller whose certificates come from a trust anchor. Services know it by `name`, as they know any client.
   *
   * @param name a DNS label (RFC 1123) in lower case that starts with a letter; unique among all clients of the mesh.
   */
  addExternalClient(name: string, options: ExternalClientOptions): ExternalClient {
    return new ExternalClient(this, this.idOf('Client', 'client name', name), {
      ...options,
      clientName: name,
      issuer: this.issuer,
    });
  }

  /**
   * Adds a service, which clients call at `https://<domain name>/<name>`.
   *
   * @param name a DNS label (RFC 1123) in lower case that starts with a letter; unique among the services of the mesh.
   */
  addService(name: string, options: MeshServiceOptions): MeshService {
    return new MeshService(this, this.idOf('Service', 'service name', name), {
      ...options,
      serviceName: name,
      gateway: this.gateway,
    });
  }

  /**
   * What the command `mtls-mesh` needs to list clients, revoke their certificates, disable and enable them, and have them
   * rotated, and to send the events of that. It neither issues certificates nor reads secrets. Made when first asked for.
   */
  get operatorPolicy(): iam.ManagedPolicy {
    if (!this.operators) {
      this.operators = new iam.ManagedPolicy(this, 'OperatorPolicy', {
        description: `Operates the mesh ${this.trustDomain}`,
      });
      this.registry.grantOperate(this.operators);
      this.issuer.grantRotate(this.operators);
      for (const authority of this.trustedAuthorities) authority.grantRevoke(this.operators);
      grantPutEvents(this, this.operators);
      grantPutMetricData(this.operators);
    }
    return this.operators;
  }

  /**
   * A rule for the mesh's events: `Certificate Issued`, `Certificate Rotated`, `Certificate Rotation Failed`,
   * `Certificate Revoked`, `Certificate Expiring` and `Truststore Changed`. `eventPattern.detailType` picks some of them.
   * The detail names trust domain and client, and has the certificate's fingerprint and expiry.
   */
  onEvent(id: string, options: events.OnEventOptions = {}): events.Rule {
    const rule = new events.Rule(options.crossStackScope ?? this, id, options);
    rule.addEventPattern({ source: [EVENT_SOURCE], detail: { trustDomain: [this.trustDomain] } });
    rule.addTarget(options.target);
    return rule;
  }

  /** How many certificates were issued: the sum of 5 minutes. */
  metricCertificatesIssued(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.certificatesIssued, options);
  }

  /** How many rotations succeeded: the sum of 5 minutes. */
  metricRotationsSucceeded(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.rotationsSucceeded, options);
  }

  /** How many attempts to rotate failed: the sum of 5 minutes. */
  metricRotationsFailed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.rotationsFailed, options);
  }

  /** How many certificates were revoked: the sum of 5 minutes. */
  metricCertificatesRevoked(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.certificatesRevoked, options);
  }

  /** How many current certificates have less than a third of their validity left: the most of an hour. */
  metricCertificatesExpiring(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.certificatesExpiring, options);
  }

  /** Hours until the first current certificate expires: the least of an hour. */
  metricHoursToExpiry(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.hoursToExpiry, options);
  }

  /** Days until the first certificate authority expires: the least of an hour. */
  metricDaysToAuthorityExpiry(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return meshMetric(this.trustDomain, METRICS.daysToAuthorityExpiry, options);
  }

  private idOf(kind: 'Client' | 'Service' | 'TrustAnchor', property: string, name: string): string {
    const id = `${kind}-${name}`;
    checkText(this, property, name, clientNameProblem);
    if (this.node.tryFindChild(id)) {
      refuse(this, property, 'must be unique within the mesh', `${JSON.stringify(name)} twice`);
    }
    return id;
  }
}

function checkDistinct(mesh: MtlsServiceMesh, authorities: readonly ICertificateAuthority[]): void {
  const arns = authorities.map(({ certificateAuthorityArn }) => certificateAuthorityArn);
  const repeated = authorities.find(
    ({ certificateAuthorityArn }, place) => arns.indexOf(certificateAuthorityArn) < place,
  );
  if (repeated !== undefined) {
    const rule = 'must name each authority once, and not the certificateAuthority';
    refuse(mesh, 'certificateAuthoritySuccessors', rule, `${repeated.node.path} again`);
  }
}
