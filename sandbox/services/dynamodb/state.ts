import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type Account, regionalArn } from '../../account';
import { AwsError } from '../../endpoint/api';
import { Engine, type EngineOperation } from './engine';

/** The settings of a table, without its items. */
interface TableSettings {
  readonly id: string;
  /** The attribute that contains the expiry time of items. */
  timeToLiveAttribute?: string | undefined;
  isProtected: boolean;
}

/** The tables of the account. */
export class Tables {
  private readonly engine: Engine;
  private readonly settingsByName = new Map<string, TableSettings>();

  constructor(private readonly account: Account) {
    this.engine = new Engine(account);
  }

  run(operation: EngineOperation, input: object): Promise<object> {
    return this.engine.run(operation, input);
  }

  arn(table: string, index?: string): string {
    const resource = `table/${table}`;
    return regionalArn(this.account, 'dynamodb', index === undefined ? resource : `${resource}/index/${index}`);
  }

  /** @throws AwsError `ResourceInUseException` if the name is taken */
  async create(name: string, definition: object): Promise<void> {
    if (this.has(name)) throw new AwsError('ResourceInUseException', `Table already exists: ${name}`);
    await this.run('CreateTable', { ...definition, TableName: name });
    this.settingsByName.set(name, { id: randomUUID(), isProtected: false });
    while ((await this.status(name)) !== 'ACTIVE') await setImmediate();
  }

  /** @throws AwsError `ResourceNotFoundException` */
  settings(name: string): TableSettings {
    const settings = this.settingsByName.get(name);
    if (settings) return settings;
    throw new AwsError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);
  }

  has(name: string): boolean {
    return this.settingsByName.has(name);
  }

  /** @throws AwsError `ValidationException` for a table with deletion protection */
  async delete(name: string): Promise<void> {
    if (this.settings(name).isProtected) {
      const reason =
        'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.';
      throw new AwsError('ValidationException', reason);
    }
    await this.run('DeleteTable', { TableName: name });
    this.settingsByName.delete(name);
    while ((await this.status(name)) !== undefined) await setImmediate();
  }

  private async status(name: string): Promise<string | undefined> {
    try {
      const { Table } = (await this.run('DescribeTable', { TableName: name })) as { Table: { TableStatus: string } };
      return Table.TableStatus;
    } catch (error) {
      if (error instanceof AwsError && error.code === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  }
}
