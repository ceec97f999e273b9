import type { Account } from '../../account';
import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi } from '../../endpoint/api';
import { jsonApi } from '../../endpoint/json-protocol';
import type { Service, Surroundings } from '../shared/service';
import { dynamoDbOperations } from './operations';
import { globalTableType } from './resources/global-table';
import { tableType } from './resources/table';
import type { Tables } from './state';

/**
 * Amazon DynamoDB: tables, items, conditions, and indexes, by dynalite. Items never expire. On AWS, that may take days.
 */
export class DynamoDbService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;

  constructor({ account }: Surroundings) {
    let loaded: Tables | undefined;
    const tables = () => {
      loaded ??= loadTables(account);
      return loaded;
    };
    const table = tableType(tables);
    this.resourceTypes = {
      'AWS::DynamoDB::Table': table,
      'AWS::DynamoDB::GlobalTable': globalTableType(account, table),
    };
    this.api = jsonApi({
      signingName: 'dynamodb',
      targetPrefix: 'DynamoDB_20120810',
      version: '1.0',
      operations: dynamoDbOperations(tables),
    });
  }
}

/** Loads dynalite on demand, because that takes tens of milliseconds. */
function loadTables(account: Account): Tables {
  const module = require('./state') as typeof import('./state');
  return new module.Tables(account);
}
