import { CustomResource, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import {
  REGISTRY_TABLE_VARIABLE,
  TRUST_DOMAIN_VARIABLE,
  TRUSTSTORE_RESOURCE_TYPE,
  type TruststoreProperties,
} from '../mesh/contract';
import type { ICertificateAuthority } from './certificate-authority';
import type { MeshRegistry } from './mesh-registry';
import { grantPutEvents } from './private/event-grant';
import { CUSTOM_RESOURCE_TIMEOUT, MeshFunction } from './private/mesh-function';
import type { TrustAnchor } from './trust-anchor';

/** Properties of a `Truststore`. */
export interface TruststoreProps {
  /** The authorities whose clients are let in, each with the chain above it. At least one. */
  readonly certificateAuthorities: ICertificateAuthority[];

  /**
   * Who holds certificates: an authority of which a client does is not taken out. Also gives the trust domain that an
   * event names when the truststore has changed.
   */
  readonly registry: MeshRegistry;

  /**
   * What becomes of the bucket when it leaves the stack. With `DESTROY` every version of every object in it goes first.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * How long the publishing function's log is kept.
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;
}

/**
 * The certificates that the gateway trusts, as one PEM object in a versioned bucket of its own.
 *
 * Whenever the chain of an authority changes, a new version is published and `versionId` becomes another, so that the
 * domain which refers to it is updated in the same deployment. A chain that API Gateway would refuse, or accept with
 * nothing but a warning, fails the deployment with the reason. So does the removal of an authority as long as the registry
 * shows a client with a certificate of it that is let in, and the reason names the clients. Only when a deployment that
 * added an authority is rolled back, after clients were given certificates of it, does that authority stay unasked, until
 * the truststore is next published.
 *
 * API Gateway reads the object with the rights of whoever deploys the stack, so that role needs `s3:GetObject` and
 * `s3:GetObjectVersion`. The bucket is encrypted with S3's own key: a KMS key would have to be open to that role too.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
 */
export class Truststore extends Construct {
  /** The bucket, which holds nothing else. */
  readonly bucket: s3.Bucket;

  /** The key of the object that holds the certificates. */
  readonly objectKey: string;

  /** The version of that object that was published last. */
  readonly versionId: string;

  /** The function that checks and publishes, and waits for a domain to use what was published. */
  readonly handler: lambda.IFunction;

  private readonly trustAnchors: TrustAnchor[] = [];

  constructor(scope: Construct, id: string, props: TruststoreProps) {
    super(scope, id);

    if (props.certificateAuthorities.length === 0) {
      throw new Error(`${this.node.path}: certificateAuthorities must name at least one authority, got none`);
    }

    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const emptyOnDelete = removalPolicy === RemovalPolicy.DESTROY;

    this.objectKey = 'truststore.pem';
    this.bucket = new s3.Bucket(this, 'Bucket', {
      versioned: true,
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy,
    });

    const { registry } = props;
    const publisher = new MeshFunction(this, 'Publisher', {
      asset: 'truststore-publisher',
      description: 'Checks trust anchors and publishes them into a truststore',
      timeout: Duration.minutes(3),
      memorySize: 256,
      environment: {
        [TRUST_DOMAIN_VARIABLE]: registry.trustDomain,
        [REGISTRY_TABLE_VARIABLE]: registry.table.tableName,
      },
      logRetention: props.logRetention,
      removalPolicy,
    });
    publisher.allow(['s3:PutObject'], [this.bucket.arnForObjects(this.objectKey)]);
    if (emptyOnDelete) {
      publisher.allow(['s3:ListBucketVersions'], [this.bucket.bucketArn]);
      publisher.allow(['s3:DeleteObject', 's3:DeleteObjectVersion'], [this.bucket.arnForObjects('*')]);
    }
    // To tell the rollback of a deployment from a deployment.
    publisher.allow(['cloudformation:DescribeStacks'], [Stack.of(this).stackId]);
    this.handler = publisher.handler;
    registry.grantSurvey(this.handler);
    grantPutEvents(this, this.handler);

    const properties: Omit<TruststoreProperties, 'TrustAnchors'> = {
      BucketName: this.bucket.bucketName,
      ObjectKey: this.objectKey,
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
        // Filled in last, as anchors are added to a truststore that is there already.
        TrustAnchors: Lazy.any(
          { produce: () => this.trustAnchors.map(({ _properties }) => _properties) },
          { omitEmptyArray: true },
        ),
      },
    });
    this.versionId = published.getAttString('VersionId');
  }

  /** @internal */
  _addTrustAnchor(trustAnchor: TrustAnchor): void {
    this.trustAnchors.push(trustAnchor);
    trustAnchor._grantRead(this.handler);
  }
}
