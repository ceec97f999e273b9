import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { setEnvironment } from '../aws/service-endpoint';
import { registryTable } from './registry-table';

/** dynalite with its own web server: DynamoDB as somebody else wrote it. */
const dynalite = require('dynalite') as (options: { createTableMs: number }) => Server;

/** The registry's table in dynalite, which the environment leads to while it is open. */
export class DynaliteTable {
  private constructor(
    readonly sdk: DynamoDBClient,
    private readonly server: Server,
    private readonly restoreEnvironment: () => void,
  ) {}

  static async open(TableName: string): Promise<DynaliteTable> {
    const server = dynalite({ createTableMs: 0 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_DYNAMODB: endpoint });
    const sdk = new DynamoDBClient({ endpoint, maxAttempts: 1 });
    await sdk.send(new CreateTableCommand({ TableName, ...registryTable() }));
    return new DynaliteTable(sdk, server, restoreEnvironment);
  }

  async close(): Promise<void> {
    this.sdk.destroy();
    this.restoreEnvironment();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
