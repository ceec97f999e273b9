import { CfnResource, CustomResource, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct, type IDependable } from 'constructs';
import { REGISTRY_TABLE_VARIABLE, TRUST_DOMAIN_VARIABLE } from '../mesh/contract';
import {
  DOMAIN_TRUSTSTORE_RESOURCE_TYPE,
  type DomainTruststoreProperties,
  TRUSTSTORE_RESOURCE_TYPE,
  type TruststoreProperties,
} from '../mesh/custom-resources';
import type { ICertificateAuthority, IMeshRegistry, ITrustAnchor, ITruststore, TruststoreUser } from './interfaces';
import type { EncryptionOptions, MeshFunctionOptions } from './mesh-function-options';
import { grantPutEvents } from './private/event-grant';
import { grantKeyThrough } from './private/key-grant';
import { CUSTOM_RESOURCE_TIMEOUT, functionOptions, MeshFunction } from './private/mesh-function';
import { checkProps } from './private/properties/check';
import { TRUSTSTORE_PROPS } from './private/properties/interface-kinds';
import { allowPublication, publicationBucket } from './private/publication-bucket';
import { ServedStacks } from './private/served-stacks';
import { grantReadCertificates, trustAnchorProperties } from './private/trust-anchor-certificates';
import { TruststoreContents } from './private/truststore-contents';

/** Properties of a `Truststore`. */
export interface TruststoreProps extends MeshFunctionOptions, EncryptionOptions {
  /** The authorities whose clients the gateway admits, at least one. Their chains are published with them. */
  readonly certificateAuthorities: ICertificateAuthority[];

  /**
   * The certificates that clients hold. An authority isn't removed while a client holds one of its certificates. The
   * registry also determines the trust domain.
   */
  readonly registry: IMeshRegistry;

  /**
   * What happens to the bucket when it is removed from the stack. `DESTROY` also deletes every version of every object.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * How long the log of the publishing function is kept.
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;
}

/**
 * A changed truststore reached all of API Gateway 60 to 90 seconds after the update of the domain, as measured by the authors
 * of https://github.com/aws-samples/serverless-samples/tree/main/apigw-mtls-multi-tenant. AWS documents no time.
 */
const PROPAGATION = Duration.seconds(120);

/** The key of the object with the mesh's own authorities. */
const CLIENT_AUTHORITIES_KEY = 'client-ca.pem';

/** As `CUSTOM_RESOURCE_TIMEOUT`, for a function that takes twice as long. */
const WAITING_TIMEOUT = Duration.minutes(25);

/**
 * The certificates that the gateway trusts, as one PEM object in a versioned bucket.
 *
 * When the chain of an authority changes, the deployment publishes a new version of the object and updates the domain that
 * refers to `versionId`. The deployment fails, with the reason, if API Gateway would reject a chain or accept it with a
 * warning. It also fails if it removes an authority while a client can still use a certificate of it, and the reason names
 * the clients. There is one exception: if a deployment that added an authority is rolled back after clients got
 * certificates of it, that authority stays in the truststore until the next publication.
 *
 * API Gateway reads the object with the permissions of the role that deploys the stack, which therefore needs
 * `s3:GetObject` and `s3:GetObjectVersion`, and with an `encryptionKey` also `kms:Decrypt`. By default, the bucket is
 * encrypted with a key of Amazon S3.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
 */
export class Truststore extends Construct implements ITruststore {
  /** The bucket. It holds this object and `client-ca.pem`. */
  readonly bucket: s3.IBucket;

  /** The key of the object that holds the certificates. */
  readonly objectKey: string;

  /** The version of the object that was published last. */
  readonly versionId: string;

  /**
   * The URL of an object with the authorities that issue the certificates of the mesh's clients, in PEM:
   * `s3://<bucket>/client-ca.pem`. Servers outside the gateway trust these, and not the certificates for the gateway: clients
   * of a trust anchor are known by the registry, which only the authorizer reads. A new authority is in the object before
   * clients have certificates of it. See `grantReadClientAuthorities`.
   */
  readonly clientAuthoritiesUrl: string;

  /** The function that checks and publishes the certificates, and waits until a domain uses them. */
  readonly handler: lambda.IFunction;

  private readonly encryptionKey?: kms.IKey;
  private readonly trustAnchors: ITrustAnchor[] = [];
  private readonly contents = new TruststoreContents();
  private readonly servedStacks: ServedStacks;

  constructor(scope: Construct, id: string, props: TruststoreProps) {
    super(scope, id);

    checkProps(this, props, TRUSTSTORE_PROPS);
    if (props.certificateAuthorities.length === 0) {
      throw new Error(`${this.node.path}: certificateAuthorities must contain at least one authority, got none`);
    }

    for (const authority of props.certificateAuthorities) {
      this.contents.add(authority, 'certificateChain', authority.certificateChain);
    }

    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const emptyOnDelete = removalPolicy === RemovalPolicy.DESTROY;

    this.objectKey = 'truststore.pem';
    this.encryptionKey = props.encryptionKey;
    this.bucket = publicationBucket(this, { encryptionKey: props.encryptionKey, removalPolicy });
    this.clientAuthoritiesUrl = this.bucket.s3UrlForObject(CLIENT_AUTHORITIES_KEY);

    const { registry } = props;
    this.servedStacks = new ServedStacks(this);
    const publisher = new MeshFunction(this, 'Publisher', {
      ...functionOptions(props),
      asset: 'truststore-publisher',
      description: 'Checks trust anchors and publishes them into a truststore',
      // For the update of a domain, and then its propagation.
      timeout: Duration.minutes(6),
      memorySize: 256,
      environment: {
        [TRUST_DOMAIN_VARIABLE]: registry.trustDomain,
        [REGISTRY_TABLE_VARIABLE]: registry.table.tableName,
      },
      servedStacks: this.servedStacks,
      services: ['dynamodb', 's3', 'events', 'cloudformation', 'the management API of API Gateway'],
      removalPolicy,
    });
    publisher.allow(
      ['s3:PutObject'],
      [this.objectKey, CLIENT_AUTHORITIES_KEY].map((key) => this.bucket.arnForObjects(key)),
    );
    allowPublication(publisher, this.bucket, removalPolicy);
    // To distinguish a rollback from a deployment.
    publisher.allow(['cloudformation:DescribeStacks'], [Stack.of(this).stackId]);
    this.handler = publisher.handler;
    registry.grantSurvey(this.handler);
    grantPutEvents(this, this.handler);

    const properties: Omit<TruststoreProperties, 'TrustAnchors' | 'RegistryDeletionPolicy'> = {
      BucketName: this.bucket.bucketName,
      ObjectKey: this.objectKey,
      ClientAuthoritiesKey: CLIENT_AUTHORITIES_KEY,
      CertificateAuthorities: props.certificateAuthorities.map((authority) => ({
        CertificateAuthorityArn: authority.certificateAuthorityArn,
        CertificateChain: authority.certificateChain,
      })),
      EmptyOnDelete: String(emptyOnDelete),
    };
    const published = new CustomResource(this, 'Published', {
      resourceType: TRUSTSTORE_RESOURCE_TYPE,
      serviceToken: this.handler.functionArn,
      serviceTimeout: CUSTOM_RESOURCE_TIMEOUT,
      properties: {
        ...properties,
        // Lazy, because an aspect may change it.
        RegistryDeletionPolicy: Lazy.string({ produce: () => deletionPolicyOf(registry.table) }),
        // Lazy, because trust anchors are added after the truststore is created.
        TrustAnchors: Lazy.any(
          { produce: () => this.trustAnchors.map(trustAnchorProperties) },
          { omitEmptyArray: true },
        ),
      },
    });
    this.versionId = published.getAttString('VersionId');
  }

  /** Allows `grantee` to read the object of `clientAuthoritiesUrl`, and with an `encryptionKey` to use the key for that. */
  grantReadClientAuthorities(grantee: iam.IGrantable): iam.Grant {
    const grant = iam.Grant.addToPrincipal({
      grantee,
      actions: ['s3:GetObject'],
      resourceArns: [this.bucket.arnForObjects(CLIENT_AUTHORITIES_KEY)],
    });
    const { encryptionKey: key } = this;
    return key ? grant.combine(grantKeyThrough('s3', this, { grantee, key, actions: ['kms:Decrypt'] })) : grant;
  }

  /** Publishes the certificates of `trustAnchor` as well. `TrustAnchor` calls this method. */
  addTrustAnchor(trustAnchor: ITrustAnchor): void {
    const { pem } = trustAnchor.certificates;
    if (pem !== undefined) this.contents.add(trustAnchor, 'source', pem);
    this.trustAnchors.push(trustAnchor);
    grantReadCertificates(trustAnchor, this.handler);
  }

  /**
   * Waits, during deployment, until a domain uses `versionId`, and after a change two minutes more, until all of API Gateway
   * does. The deployment fails if API Gateway warns that it would reject some clients.
   *
   * @param scope where the custom resource that waits is added
   * @returns what to depend on in order to wait
   */
  waitForUse(scope: Construct, { domainName, domain }: TruststoreUser): IDependable {
    this.servedStacks.add(scope);
    // Refers to the domain by name, because the function is created before the domain.
    const resource = Stack.of(scope).formatArn({
      service: 'apigateway',
      account: '',
      resource: '/domainnames',
      resourceName: domainName,
    });
    this.handler.addToRolePolicy(new iam.PolicyStatement({ actions: ['apigateway:GET'], resources: [resource] }));
    const properties: DomainTruststoreProperties = {
      DomainName: domain.name,
      TruststoreVersion: this.versionId,
      PropagationSeconds: String(PROPAGATION.toSeconds()),
    };
    return new CustomResource(scope, 'TruststoreInUse', {
      resourceType: DOMAIN_TRUSTSTORE_RESOURCE_TYPE,
      serviceToken: this.handler.functionArn,
      serviceTimeout: WAITING_TIMEOUT,
      properties,
    });
  }
}

/** Undefined for a resource that isn't in the template. */
function deletionPolicyOf({ node }: IConstruct): string | undefined {
  const resource = node.defaultChild;
  return CfnResource.isCfnResource(resource) ? (resource.cfnOptions.deletionPolicy ?? 'Delete') : undefined;
}
