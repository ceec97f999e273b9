import type { AwsCall, ConditionKeys } from '../../endpoint/api';
import type { JsonDocument, JsonOperation } from '../../endpoint/json-protocol';
import { boolean, string, structure } from '../shared/shape';
import { attributeKeys } from './attributes';
import type { EngineOperation } from './engine';
import type { Tables } from './state';

const tableName = string({ min: 1, max: 1024 });

/**
 * Operations on tables that templates create. Policies are evaluated for tables and indexes, and for the attributes in the
 * request, without the other condition keys, such as `dynamodb:LeadingKeys`.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html
 */
export function dynamoDbOperations(tables: () => Tables): Readonly<Record<string, JsonOperation>> {
  /** An operation on a table or an index. */
  function onTable(operation: EngineOperation): JsonOperation {
    return (input, call) => {
      const table = tableOf(input);
      const index = typeof input.IndexName === 'string' ? input.IndexName : undefined;
      call.authorize(`dynamodb:${operation}`, tables().arn(table, index), attributeKeys(input));
      return tables().run(operation, { ...input, TableName: table });
    };
  }

  /** An operation on the tables in `RequestItems`. */
  function onTables(operation: EngineOperation): JsonOperation {
    return (input, call) => {
      for (const [name, request] of Object.entries(input.RequestItems ?? {})) {
        for (const keys of attributeKeysOf(request)) call.authorize(`dynamodb:${operation}`, tables().arn(name), keys);
      }
      return tables().run(operation, input);
    };
  }

  /** dynalite has no table IDs. */
  async function describeTable(input: JsonDocument, call: AwsCall): Promise<object> {
    const { Table } = (await onTable('DescribeTable')(input, call)) as { readonly Table: object };
    const name = tableOf(input);
    return { Table: { ...Table, TableId: tables().settings(name).id } };
  }

  function listTables(input: JsonDocument, call: AwsCall): Promise<object> {
    call.authorize('dynamodb:ListTables', '*');
    return tables().run('ListTables', input);
  }

  const describeTimeToLiveShape = structure({ TableName: tableName });

  function describeTimeToLive(input: unknown, call: AwsCall): object {
    const name = tableOf(describeTimeToLiveShape(input, ''));
    call.authorize('dynamodb:DescribeTimeToLive', tables().arn(name));
    const { timeToLiveAttribute: AttributeName } = tables().settings(name);
    const TimeToLiveStatus = AttributeName === undefined ? 'DISABLED' : 'ENABLED';
    return { TimeToLiveDescription: { TimeToLiveStatus, AttributeName } };
  }

  const updateTimeToLiveShape = structure({
    TableName: tableName,
    TimeToLiveSpecification: structure({ AttributeName: string({ min: 1, max: 255 }), Enabled: boolean }),
  });

  function updateTimeToLive(input: unknown, call: AwsCall): object {
    const { TableName, TimeToLiveSpecification } = updateTimeToLiveShape(input, '');
    const name = tableOf({ TableName });
    call.authorize('dynamodb:UpdateTimeToLive', tables().arn(name));
    const { Enabled, AttributeName } = TimeToLiveSpecification;
    tables().settings(name).timeToLiveAttribute = Enabled ? AttributeName : undefined;
    return { TimeToLiveSpecification };
  }

  return {
    BatchGetItem: onTables('BatchGetItem'),
    BatchWriteItem: onTables('BatchWriteItem'),
    DeleteItem: onTable('DeleteItem'),
    DescribeTable: describeTable,
    DescribeTimeToLive: describeTimeToLive,
    GetItem: onTable('GetItem'),
    ListTables: listTables,
    PutItem: onTable('PutItem'),
    Query: onTable('Query'),
    Scan: onTable('Scan'),
    UpdateItem: onTable('UpdateItem'),
    UpdateTimeToLive: updateTimeToLive,
  };
}

/** For each part of what `RequestItems` has for a table: keys to get, or items to put and keys to delete. */
function attributeKeysOf(request: unknown): readonly ConditionKeys[] {
  if (!Array.isArray(request)) {
    const { Keys = [], ...others } = { ...Object(request) } as { readonly Keys?: readonly object[] };
    return [attributeKeys({ ...others, Key: Object.assign({}, ...Keys) })];
  }
  return request.map((write: unknown) => {
    const { PutRequest, DeleteRequest } = Object(write) as Readonly<Record<string, object | undefined>>;
    return attributeKeys({ ...PutRequest, ...DeleteRequest });
  });
}

/** `TableName` can also be an ARN. */
function tableOf(input: JsonDocument): string {
  const name = tableName(input.TableName, 'tableName');
  const [, nameInArn] = /^arn:[^:]+:dynamodb:[^:]*:[^:]*:table\/([^/]+)$/.exec(name) ?? [];
  return nameInArn ?? name;
}
