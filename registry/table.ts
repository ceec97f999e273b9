import type { AwsConnection } from '../aws/connection';
import { Table } from '../aws/dynamodb';

/** The registry's table, for work that may take seconds. */
export function registryTable(name: string, connection: AwsConnection): Table {
  const retryPolicy = { attempts: 8, timeout: 5_000, backoff: { first: 50, longest: 5_000 } };
  return new Table({ name, connection, retryPolicy });
}
