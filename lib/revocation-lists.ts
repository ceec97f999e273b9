import { CustomResource, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { EVENT_SOURCE, type EventType, REGISTRY_TABLE_VARIABLE, TRUST_DOMAIN_VARIABLE } from '../mesh/contract';
import {
  LISTING_AUTHORITIES_VARIABLE,
  REVOCATION_LISTS_BUCKET_VARIABLE,
  REVOCATION_LISTS_HOURS_VARIABLE,
  REVOCATION_LISTS_KEY,
  REVOCATION_LISTS_RESOURCE_TYPE,
  type RevocationListsProperties,
  revocationListKey,
} from '../mesh/kms-authority';
import type { ICertificateAuthority, IMeshRegistry } from './interfaces';
import type { EncryptionOptions, MeshFunctionOptions } from './mesh-function-options';
import { grantKeyThrough } from './private/key-grant';
import { KmsAuthority } from './private/kms-authority';
import { CUSTOM_RESOURCE_TIMEOUT, functionOptions, MeshFunction } from './private/mesh-function';
import { checkProps } from './private/properties/check';
import { REVOCATION_LISTS_PROPS } from './private/properties/interface-kinds';
import { allowPublication, publicationBucket } from './private/publication-bucket';
import { ServedStacks } from './private/served-stacks';
import { checkDuration, refuse } from './private/validation';

const DEFAULT_VALIDITY = Duration.hours(24);

/** Properties of `RevocationLists`. */
export interface RevocationListsProps extends MeshFunctionOptions, EncryptionOptions {
  /** The registry of the clients and of the certificates that were issued to them. */
  readonly registry: IMeshRegistry;

  /** The authorities that issue, or have issued, certificates. At least one, all with keys in AWS KMS. */
  readonly certificateAuthorities: ICertificateAuthority[];

  /**
   * How long a list is valid, in whole hours, at least 3. Lists are published every hour. Servers refuse all clients when a list
   * is no longer valid, so this is how long the publication may fail.
   *
   * @default Duration.hours(24)
   */
  readonly validity?: Duration;

  /**
   * How long the log of the function is kept.
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What happens to the lists and the log when they are removed from the stack.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The certificate revocation lists (CRLs) of authorities with keys in AWS KMS, for servers outside the gateway, such as NGINX
 * or Envoy. The gateway doesn't need them: its authorizer asks the registry.
 *
 * They are published every hour and right after a revocation: the lists of all authorities, and of the authorities above them, in
 * one PEM object, and each list of an issuing authority in DER in `<id of its KMS key>.crl`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-5
 */
export class RevocationLists extends Construct {
  /** The bucket of the lists. It is not public, and keeps lists that were replaced for 30 days. */
  readonly bucket: s3.IBucket;

  /** The key of the object with the lists of all authorities in PEM: `crl.pem`. */
  readonly objectKey: string;

  /** The URL of the object with the lists of all authorities in PEM: `s3://<bucket>/crl.pem`. */
  readonly url: string;

  /** The function that publishes the lists. */
  readonly handler: lambda.IFunction;

  private readonly encryptionKey?: kms.IKey;
  private readonly objectArns: string[];

  constructor(scope: Construct, id: string, props: RevocationListsProps) {
    super(scope, id);

    checkProps(this, props, REVOCATION_LISTS_PROPS);
    const { registry, validity = DEFAULT_VALIDITY } = props;
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const authorities = kmsAuthoritiesIn(this, props.certificateAuthorities);
    checkDuration(this, 'validity', validity, validityProblem);
    // Authorities below one of them may be added later.
    this.node.addValidation({ validate: () => authorities.flatMap(listProblem) });

    this.encryptionKey = props.encryptionKey;
    this.bucket = publicationBucket(this, {
      encryptionKey: props.encryptionKey,
      removalPolicy,
      keepReplaced: Duration.days(30),
    });
    this.objectKey = REVOCATION_LISTS_KEY;
    this.url = this.bucket.s3UrlForObject(this.objectKey);

    const publisher = new MeshFunction(this, 'Publisher', {
      ...functionOptions(props),
      asset: 'revocation-list-publisher',
      description: 'Publishes certificate revocation lists',
      timeout: Duration.minutes(3),
      memorySize: 512,
      environment: {
        [TRUST_DOMAIN_VARIABLE]: registry.trustDomain,
        [REGISTRY_TABLE_VARIABLE]: registry.table.tableName,
        [REVOCATION_LISTS_BUCKET_VARIABLE]: this.bucket.bucketName,
        [REVOCATION_LISTS_HOURS_VARIABLE]: String(validity.toHours()),
        [LISTING_AUTHORITIES_VARIABLE]: Stack.of(this).toJsonString(authorities.map(({ listing }) => listing)),
      },
      servedStacks: new ServedStacks(this),
      services: ['dynamodb', 's3', 'kms', 'ssm'],
      removalPolicy,
    });
    this.handler = publisher.handler;
    registry.grantSurvey(this.handler);
    for (const authority of authorities) authority.grantList(this.handler);
    this.objectArns = [this.objectKey, ...authorities.map(listKey)].map((key) => this.bucket.arnForObjects(key));
    publisher.allow(['s3:GetObject', 's3:PutObject'], this.objectArns);
    // Without it, S3 answers 403 instead of 404 for an object that doesn't exist.
    publisher.allow(['s3:ListBucket'], [this.bucket.bucketArn]);
    allowPublication(publisher, this.bucket, removalPolicy);
    if (this.encryptionKey) {
      const [grantee, key] = [this.handler, this.encryptionKey];
      grantKeyThrough('s3', this, { grantee, key, actions: ['kms:Decrypt'] });
    }

    const properties: RevocationListsProperties = {
      BucketName: this.bucket.bucketName,
      TrustDomain: registry.trustDomain,
      CertificateAuthorities: authorities.map(({ certificateAuthorityArn }) => certificateAuthorityArn),
      EmptyOnDelete: String(removalPolicy === RemovalPolicy.DESTROY),
    };
    const published = new CustomResource(this, 'Published', {
      resourceType: REVOCATION_LISTS_RESOURCE_TYPE,
      serviceToken: this.handler.functionArn,
      serviceTimeout: CUSTOM_RESOURCE_TIMEOUT,
      properties,
    });
    // They are deleted before `published`, which empties the bucket.
    this.publishOn(published, 'Hourly', {
      description: `Publishes the revocation lists of ${registry.trustDomain}`,
      schedule: events.Schedule.rate(Duration.hours(1)),
    });
    this.publishOn(published, 'Revocations', {
      description: `Publishes the revocation lists of ${registry.trustDomain} after a revocation`,
      eventPattern: {
        source: [EVENT_SOURCE],
        detailType: ['Certificate Revoked' satisfies EventType],
        detail: { trustDomain: [registry.trustDomain] },
      },
    });
  }

  /** Allows `grantee` to read the lists, and with an `encryptionKey` to use the key for that. */
  grantRead(grantee: iam.IGrantable): iam.Grant {
    const grant = iam.Grant.addToPrincipal({ grantee, actions: ['s3:GetObject'], resourceArns: this.objectArns });
    const { encryptionKey: key } = this;
    return key ? grant.combine(grantKeyThrough('s3', this, { grantee, key, actions: ['kms:Decrypt'] })) : grant;
  }

  private publishOn(published: CustomResource, id: string, props: events.RuleProps): void {
    const rule = new events.Rule(this, id, {
      ...props,
      targets: [{ bind: () => ({ arn: this.handler.functionArn }) }],
    });
    rule.node.addDependency(published);
    this.handler.addPermission(`${id}Permission`, {
      scope: this,
      principal: new iam.ServicePrincipal('events.amazonaws.com'),
      sourceArn: rule.ruleArn,
    });
  }
}

/** The key of the object with the list of one authority, in DER. */
function listKey({ certificateAuthorityArn }: KmsAuthority): string {
  return revocationListKey(Fn.select(1, Fn.split('/', certificateAuthorityArn)));
}

/** Throws unless there is an authority, and all of them have keys in AWS KMS. */
function kmsAuthoritiesIn(scope: Construct, authorities: readonly ICertificateAuthority[]): readonly KmsAuthority[] {
  if (authorities.length === 0) refuse(scope, 'certificateAuthorities', 'must contain at least one authority', 'none');
  return authorities.map((authority) => {
    if (KmsAuthority.isKmsAuthority(authority)) return authority;
    const rule = 'must have keys in AWS KMS, because the mesh can sign lists with no others';
    return refuse(scope, 'certificateAuthorities', rule, authority.node.path);
  });
}

/**
 * An authority that signs others has a list for servers in which nothing is revoked, as long as it lives. Beside it, the list
 * of its client certificates would be of no use.
 */
function listProblem(authority: KmsAuthority): string[] {
  if (!authority.signsAuthorities) return [];
  return [`${authority.node.path}: must not issue client certificates, because it signs other authorities (signedBy)`];
}

function validityProblem(validity: Duration): string | undefined {
  const hours = validity.toHours({ integral: false });
  return Number.isInteger(hours) && hours >= 3 ? undefined : 'must be whole hours, at least 3';
}
