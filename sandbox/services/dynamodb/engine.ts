/// <reference path="./dynalite.d.ts" />
import batchGetItem from 'dynalite/actions/batchGetItem';
import batchWriteItem from 'dynalite/actions/batchWriteItem';
import createTable from 'dynalite/actions/createTable';
import deleteItem from 'dynalite/actions/deleteItem';
import deleteTable from 'dynalite/actions/deleteTable';
import describeTable from 'dynalite/actions/describeTable';
import getItem from 'dynalite/actions/getItem';
import listTables from 'dynalite/actions/listTables';
import putItem from 'dynalite/actions/putItem';
import query from 'dynalite/actions/query';
import scan from 'dynalite/actions/scan';
import updateItem from 'dynalite/actions/updateItem';
import { create } from 'dynalite/db';
import { checkTypes, checkValidations } from 'dynalite/validations';
import * as batchGetItemRules from 'dynalite/validations/batchGetItem';
import * as batchWriteItemRules from 'dynalite/validations/batchWriteItem';
import * as createTableRules from 'dynalite/validations/createTable';
import * as deleteItemRules from 'dynalite/validations/deleteItem';
import * as deleteTableRules from 'dynalite/validations/deleteTable';
import * as describeTableRules from 'dynalite/validations/describeTable';
import * as getItemRules from 'dynalite/validations/getItem';
import * as listTablesRules from 'dynalite/validations/listTables';
import * as putItemRules from 'dynalite/validations/putItem';
import * as queryRules from 'dynalite/validations/query';
import * as scanRules from 'dynalite/validations/scan';
import * as updateItemRules from 'dynalite/validations/updateItem';
import type { Account } from '../../account';
import { AwsError } from '../../endpoint/api';

const OPERATIONS = {
  BatchGetItem: { action: batchGetItem, rules: batchGetItemRules },
  BatchWriteItem: { action: batchWriteItem, rules: batchWriteItemRules },
  CreateTable: { action: createTable, rules: createTableRules },
  DeleteItem: { action: deleteItem, rules: deleteItemRules },
  DeleteTable: { action: deleteTable, rules: deleteTableRules },
  DescribeTable: { action: describeTable, rules: describeTableRules },
  GetItem: { action: getItem, rules: getItemRules },
  ListTables: { action: listTables, rules: listTablesRules },
  PutItem: { action: putItem, rules: putItemRules },
  Query: { action: query, rules: queryRules },
  // dynalite doesn't support the parameter. Its reads are always consistent.
  Scan: { action: scan, rules: { ...scanRules, types: { ...scanRules.types, ConsistentRead: 'Boolean' } } },
  UpdateItem: { action: updateItem, rules: updateItemRules },
};

export type EngineOperation = keyof typeof OPERATIONS;

/** Tables and items in memory: dynalite without its web server. */
export class Engine {
  private readonly store = create({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });

  constructor({ id, region }: Account) {
    this.store.tableDb.awsAccountId = id;
    this.store.tableDb.awsRegion = region;
  }

  /** @throws AwsError with DynamoDB's error, or `ValidationException` for a parameter that dynalite doesn't support */
  async run(operation: EngineOperation, input: object): Promise<object> {
    const { action, rules } = OPERATIONS[operation];
    const unknown = Object.keys(input).find((parameter) => !Object.hasOwn(rules.types, parameter));
    if (unknown !== undefined) {
      throw new AwsError(
        'ValidationException',
        `the sandbox does not support the parameter ${unknown} of ${operation}`,
      );
    }
    try {
      const checked = checkTypes(structuredClone(input), rules.types);
      checkValidations(checked, rules.types, rules.custom, this.store);
      return await new Promise((resolve, reject) => {
        action(this.store, checked, (error, output) => (error ? reject(error) : resolve(output)));
      });
    } catch (error) {
      throw asAwsError(error);
    }
  }
}

/** Errors of dynalite contain the document of the answer: `{ __type: '<namespace>#<name>', message }`. */
function asAwsError(error: unknown): unknown {
  if (!(error instanceof Error) || !('body' in error)) return error;
  const body = error.body as Readonly<Record<string, string | undefined>>;
  const code = body.__type?.split('#').at(-1) ?? 'InternalServerError';
  return new AwsError(code, body.message ?? body.Message ?? code);
}
