import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { tableNameProblem } from '../mesh/aws-names';
import { registryTableName, trustDomainProblem } from '../mesh/names';
import { REGISTRY_INDEXES, REGISTRY_KEYS, type RegistryClient, type RegistryKey } from '../registry/records';
import type { IMeshRegistry } from './interfaces';
import type { EncryptionOptions } from './mesh-function-options';
import { claimRegionalName } from './private/identity-claims';
import { grantKeyThrough } from './private/key-grant';
import { checkProps } from './private/properties/check';
import { REGISTRY_PROPS } from './private/properties/interface-kinds';
import { checkText } from './private/validation';

/** Options of a registry. */
export interface MeshRegistryOptions {
  /**
   * Whether DynamoDB protects the table from deletion, including deletion with the stack.
   * @default false
   */
  readonly deletionProtection?: boolean;

  /**
   * Whether to use the table that an earlier deployment of the mesh has left behind, with its certificates and disabled
   * clients. A stack keeps the table when it is deleted, and then can't create another with the same name. An adopted table
   * is not part of the stack: the stack neither changes nor deletes it. To make it part of the stack again, leave this
   * property out and run `cdk import`.
   *
   * A deployment fails that would adopt the table of its own stack and delete it, because of a `removalPolicy` of `DESTROY`.
   *
   * @default false
   */
  readonly adoptRegistry?: boolean;
}

/** Properties of a `MeshRegistry`. */
export interface MeshRegistryProps extends MeshRegistryOptions, EncryptionOptions {
  /**
   * The SPIFFE trust domain of the clients. Their SPIFFE IDs and the names of their secrets start with it.
   *
   * @see https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md
   */
  readonly trustDomain: string;

  /**
   * What happens to the table when it is removed from the stack. The default deletes the table if its first deployment
   * fails, because the next deployment couldn't create a table with the same name. A table with `deletionProtection` stays.
   *
   * @default - RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, and RemovalPolicy.RETAIN with deletionProtection
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A DynamoDB table of the clients of a trust domain and every certificate that was issued to them. For each certificate it
 * records the client, the time, the secret version, and whether it is revoked. DynamoDB deletes the record 90 days after
 * the certificate expires. For each external client, the table records its trust anchor and identity.
 *
 * The issuer records a certificate before a client can get it, and the authorizer admits only certificates that the
 * registry contains. The authorizer refuses a certificate within seconds after its record is deleted or marked as revoked.
 */
export class MeshRegistry extends Construct implements IMeshRegistry {
  /** The SPIFFE trust domain. */
  readonly trustDomain: string;

  /** The table, named `mtls-mesh.<trust domain>`. */
  readonly table: dynamodb.ITable;

  constructor(scope: Construct, id: string, props: MeshRegistryProps) {
    super(scope, id);

    checkProps(this, props, REGISTRY_PROPS);
    checkText(this, 'trustDomain', props.trustDomain, trustDomainProblem);
    if (!props.adoptRegistry) claimRegionalName(this, 'trustDomain', props.trustDomain);
    const tableName = registryTableName(props.trustDomain);
    checkText(this, 'tableName', tableName, tableNameProblem);
    this.trustDomain = props.trustDomain;
    this.table = props.adoptRegistry
      ? dynamodb.Table.fromTableAttributes(this, 'Table', { tableName, encryptionKey: props.encryptionKey })
      : this.createTable(tableName, props);
  }

  private createTable(tableName: string, props: MeshRegistryProps): dynamodb.ITable {
    const { agenda, certificateAuthority } = REGISTRY_INDEXES;
    const table = new dynamodb.Table(this, 'Table', {
      tableName,
      ...keySchema(REGISTRY_KEYS),
      timeToLiveAttribute: REGISTRY_KEYS.timeToLive,
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      ...tableEncryption(props),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: props.deletionProtection,
      removalPolicy: props.removalPolicy ?? usualRemoval(props),
    });
    table.addGlobalSecondaryIndex({ indexName: agenda.name, ...keySchema(agenda) });
    table.addGlobalSecondaryIndex({
      indexName: certificateAuthority.name,
      ...keySchema(certificateAuthority),
      projectionType: dynamodb.ProjectionType.INCLUDE,
      nonKeyAttributes: [...certificateAuthority.attributes],
    });
    return table;
  }

  /** Allows the authorizer to look up a client and its certificate by key. */
  grantLookup(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, ['dynamodb:BatchGetItem']);
  }

  /** Allows the issuer to register and remove clients, and to record and revoke certificates. */
  grantRegister(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, [...RECORD_ACTIONS, 'dynamodb:DeleteItem']);
  }

  /** Allows the issuer to record certificates. */
  grantRecord(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, RECORD_ACTIONS);
  }

  /** Allows the issuer to look after all certificates: to query what is due, and to change items. */
  grantMaintain(grantee: iam.IGrantable): iam.Grant {
    const { agenda, certificateAuthority } = REGISTRY_INDEXES;
    return this.grant(grantee, ['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'])
      .combine(this.grantIndex(grantee, agenda.name))
      .combine(this.grantIndex(grantee, certificateAuthority.name));
  }

  /** Allows the issuer to revoke certificates of a client. */
  grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, ['dynamodb:Query', 'dynamodb:UpdateItem']);
  }

  /** Allows the truststore to find the certificates of an authority, and their clients. */
  grantSurvey(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, ['dynamodb:BatchGetItem']).combine(
      this.grantIndex(grantee, REGISTRY_INDEXES.certificateAuthority.name),
    );
  }

  /**
   * Allows an operator to list clients and certificates, and to disable and enable clients. No other attribute of an item
   * can be changed, so an operator can neither add a certificate that the authorizer would accept nor make a revoked
   * certificate valid again.
   */
  grantOperate(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, ['dynamodb:BatchGetItem', 'dynamodb:Query'])
      .combine(this.grantIndex(grantee, REGISTRY_INDEXES.agenda.name))
      .combine(
        this.grant(grantee, ['dynamodb:UpdateItem'], {
          'ForAllValues:StringEquals': { 'dynamodb:Attributes': OPERATORS_ATTRIBUTES },
          // `ForAllValues` also holds for a request that names no attribute.
          Null: { 'dynamodb:Attributes': 'false' },
        }),
      );
  }

  private grantIndex(grantee: iam.IGrantable, name: string): iam.Grant {
    const resourceArns = [`${this.table.tableArn}/index/${name}`];
    return iam.Grant.addToPrincipal({ grantee, actions: ['dynamodb:Query'], resourceArns });
  }

  private grant(
    grantee: iam.IGrantable,
    actions: string[],
    conditions?: Record<string, Record<string, unknown>>,
  ): iam.Grant {
    const grant = iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [this.table.tableArn], conditions });
    const key = this.table.encryptionKey;
    if (!key) return grant;
    const isReading = actions.every((action) => READ_ACTIONS.includes(action));
    return grant.combine(
      grantKeyThrough('dynamodb', this, { grantee, key, actions: isReading ? READ_KEY_ACTIONS : WRITE_KEY_ACTIONS }),
    );
  }
}

/**
 * The keys and the attributes that the `mtls-mesh` command writes.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
const OPERATORS_ATTRIBUTES: readonly (keyof (RegistryKey & RegistryClient))[] = [
  'partitionKey',
  'sortKey',
  'state',
  'updatedAt',
  'updatedBy',
];

function keySchema({ partitionKey, sortKey }: { readonly partitionKey: string; readonly sortKey: string }) {
  const { STRING } = dynamodb.AttributeType;
  return { partitionKey: { name: partitionKey, type: STRING }, sortKey: { name: sortKey, type: STRING } };
}

const RECORD_ACTIONS = ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'];

const READ_ACTIONS = ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'];

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html */
const READ_KEY_ACTIONS = ['kms:Decrypt', 'kms:DescribeKey'];
const WRITE_KEY_ACTIONS = [...READ_KEY_ACTIONS, 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'];

function tableEncryption({ encryptionKey }: EncryptionOptions): Partial<dynamodb.TableProps> {
  if (!encryptionKey) return { encryption: dynamodb.TableEncryption.AWS_MANAGED };
  return { encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED, encryptionKey };
}

/** A rollback couldn't delete a table with deletion protection, and would fail. */
function usualRemoval({ deletionProtection }: MeshRegistryProps): RemovalPolicy {
  return deletionProtection ? RemovalPolicy.RETAIN : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
}
