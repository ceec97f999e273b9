import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { brokenClientNameRule } from '../pki/names';
import { CertificateAuthority, type ICertificateAuthority } from './certificate-authority';
import { CertificateIssuer } from './certificate-issuer';
import { type ClientCertificateOptions, MeshClient, type MeshClientOptions } from './mesh-client';
import { MeshService, type MeshServiceOptions } from './mesh-service';
import { type MtlsDomainOptions, MtlsGateway } from './mtls-gateway';
import { checkText, refuse } from './private/validation';
import { Truststore } from './truststore';

/** Properties of an `MtlsServiceMesh`. */
export interface MtlsServiceMeshProps extends MtlsDomainOptions, ClientCertificateOptions {
  /**
   * The SPIFFE trust domain. Clients are `spiffe://<trust domain>/<client name>`, their secrets
   * `<trust domain>/<client name>`.
   *
   * @default - the same as `domainName`
   */
  readonly trustDomain?: string;

  /**
   * The authority that issues the clients' certificates, and whose clients the gateway lets in.
   * @default - `CertificateAuthority.shortLivedRoot`, about $50 a month
   */
  readonly certificateAuthority?: ICertificateAuthority;

  /**
   * What becomes of the authority made here, the truststore and the logs when they leave the stack. `DESTROY` is for
   * test stacks: with it nothing is left, and nothing costs any more. The clients' secrets have a policy of their own.
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
 * - The *issuer* puts key and certificate of each client into a secret, from which the client fetches them.
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

  /** Signs the certificates of all clients. */
  readonly certificateAuthority: ICertificateAuthority;

  /** Holds what the gateway trusts. */
  readonly truststore: Truststore;

  /** Lets clients in, and leads them to the services. */
  readonly gateway: MtlsGateway;

  /** Puts certificates into the clients' secrets. */
  readonly issuer: CertificateIssuer;

  private readonly certificateOptions: ClientCertificateOptions;

  constructor(scope: Construct, id: string, props: MtlsServiceMeshProps) {
    super(scope, id);

    const { removalPolicy, logRetention } = props;
    this.trustDomain = props.trustDomain ?? props.domainName;

    this.certificateAuthority =
      props.certificateAuthority ??
      CertificateAuthority.shortLivedRoot(this, 'CertificateAuthority', { removalPolicy });

    this.truststore = new Truststore(this, 'Truststore', {
      certificateAuthorities: [this.certificateAuthority],
      removalPolicy,
      logRetention,
    });

    this.gateway = new MtlsGateway(this, 'Gateway', {
      domainName: props.domainName,
      serverCertificate: props.serverCertificate,
      ownershipCertificate: props.ownershipCertificate,
      hostedZone: props.hostedZone,
      trustDomain: this.trustDomain,
      truststore: this.truststore,
      removalPolicy,
      logRetention,
    });

    this.issuer = new CertificateIssuer(this, 'Issuer', {
      trustDomain: this.trustDomain,
      certificateAuthority: this.certificateAuthority,
      removalPolicy,
      logRetention,
    });

    this.certificateOptions = props;
  }

  /**
   * Adds a caller, and has its first certificate issued once the gateway trusts the authority.
   *
   * @param name a DNS label (RFC 1123) in lower case that starts with a letter; unique among the clients of the mesh. A
   * service that calls others is a client too, by the same name if you like.
   */
  addClient(name: string, options: MeshClientOptions = {}): MeshClient {
    const client = new MeshClient(this, this.idOf('Client', name), {
      ...options,
      keyAlgorithm: options.keyAlgorithm ?? this.certificateOptions.keyAlgorithm,
      certificateValidity: options.certificateValidity ?? this.certificateOptions.certificateValidity,
      clientName: name,
      issuer: this.issuer,
    });
    client.node.addDependency(this.gateway.domain);
    return client;
  }

  /**
   * Adds a service, which clients call at `https://<domain name>/<name>`.
   *
   * @param name a DNS label (RFC 1123) in lower case that starts with a letter; unique among the services of the mesh.
   */
  addService(name: string, options: MeshServiceOptions): MeshService {
    return new MeshService(this, this.idOf('Service', name), { ...options, serviceName: name, gateway: this.gateway });
  }

  private idOf(kind: 'Client' | 'Service', name: string): string {
    const id = `${kind}-${name}`;
    const property = `${kind.toLowerCase()} name`;
    checkText(this, property, name, brokenClientNameRule);
    if (this.node.tryFindChild(id)) {
      refuse(this, property, 'must be unique within the mesh', `${JSON.stringify(name)} twice`);
    }
    return id;
  }
}
