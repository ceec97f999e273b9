import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { registryTableName, trustDomainProblem } from '../mesh/names';
import { REGISTRY_KEYS, type RegistryCertificate, type RegistryClient, type RegistryKey } from '../registry/records';
import { checkText } from './private/validation';

/** What can be chosen for a registry. */
export interface MeshRegistryOptions {
  /**
   * Whether DynamoDB refuses to delete the table, with the stack or otherwise, until this is taken back.
   * @default false
   */
  readonly deletionProtection?: boolean;
}

/** Properties of a `MeshRegistry`. */
export interface MeshRegistryProps extends MeshRegistryOptions {
  /**
   * The SPIFFE trust domain whose clients the registry holds. Their SPIFFE IDs, and the names of their secrets, begin
   * with it.
   *
   * @see https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md
   */
  readonly trustDomain: string;

  /**
   * What becomes of the table when it leaves the stack.
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, so that a first deployment that fails leaves no table behind,
   * whose name would be in the way of the next
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The clients of a trust domain and every certificate issued to them, in one table: who and when, for which version of
 * which secret, revoked or not. A certificate stays in it for 90 days after it has expired. Of clients with certificates of
 * other authorities it has who they are, and by which authority and identity.
 *
 * The issuer writes a certificate here before a client can get it, and the authorizer lets in only what it finds here:
 * what is taken out of the registry, or marked as revoked, is refused within seconds.
 */
export class MeshRegistry extends Construct {
  /** The SPIFFE trust domain. */
  readonly trustDomain: string;

  /** The table, named `mtls-mesh.<trust domain>`. */
  readonly table: dynamodb.ITable;

  constructor(scope: Construct, id: string, props: MeshRegistryProps) {
    super(scope, id);

    checkText(this, 'trustDomain', props.trustDomain, trustDomainProblem);
    const tableName = registryTableName(props.trustDomain);
    checkText(this, 'tableName', tableName, tableNameProblem);
    this.trustDomain = props.trustDomain;
    this.table = new dynamodb.Table(this, 'Table', {
      tableName,
      partitionKey: { name: REGISTRY_KEYS.partitionKey, type: dynamodb.AttributeType.STRING },
      sortKey: { name: REGISTRY_KEYS.sortKey, type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: REGISTRY_KEYS.timeToLive,
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: props.deletionProtection,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }

  /** For the authorizer: find the client and the certificate that a request shows, by their keys. */
  grantLookup(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, ['dynamodb:BatchGetItem']);
  }

  /** For the issuer: register clients, write down certificates, revoke them, and go through all of them once an hour. */
  grantRecord(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, [
      'dynamodb:GetItem',
      'dynamodb:Query',
      'dynamodb:Scan',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
    ]);
  }

  /** For the truststore: go through all clients and certificates, to see who holds some of an authority. */
  grantSurvey(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, ['dynamodb:Scan']);
  }

  /**
   * For an operator: list clients and certificates, revoke certificates, disable and enable clients. What else stands in
   * an item can't be changed, so that none can be added that the authorizer would take for a certificate.
   */
  grantOperate(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, ['dynamodb:Query', 'dynamodb:Scan']).combine(
      this.grant(grantee, ['dynamodb:UpdateItem'], {
        'ForAllValues:StringEquals': { 'dynamodb:Attributes': OPERATORS_ATTRIBUTES },
      }),
    );
  }

  private grant(
    grantee: iam.IGrantable,
    actions: string[],
    conditions?: Record<string, Record<string, unknown>>,
  ): iam.Grant {
    return iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [this.table.tableArn], conditions });
  }
}

/**
 * The keys, and what the command `mtls-mesh` writes.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
const OPERATORS_ATTRIBUTES: readonly (keyof (RegistryKey & RegistryClient & RegistryCertificate))[] = [
  'partitionKey',
  'sortKey',
  'state',
  'updatedAt',
  'updatedBy',
  'status',
  'revokedAt',
  'revokedBy',
  'revocationReason',
  'revokedAtAuthority',
];

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
function tableNameProblem(tableName: string): string | undefined {
  return tableName.length <= 255 ? undefined : 'must have at most 255 characters';
}
