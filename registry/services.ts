import type { AwsConnection } from '../aws/connection';
import { deleteItem, getItem, type ItemChange, type Table, updateItem } from '../aws/dynamodb';
import { grantText, parseDeclaredGrant } from '../mesh/grant';
import { grantEntry } from './admission';
import { type AgendaEntry, NEVER } from './agenda';
import { serviceFromItem } from './items';
import { grantsAttribute, grantsKey, type RegistryService, serviceKey } from './records';
import { registryTable } from './table';

/** Another resource already declares a service with this name. */
export class ServiceTakenError extends Error {
  override readonly name = 'ServiceTakenError';

  constructor(serviceName: string, resource: string) {
    super(
      `service ${serviceName} is already declared by the resource ${resource}: remove that resource in an earlier deployment`,
    );
  }
}

/** How many items are written at the same time. */
const PARALLEL_WRITES = 10;

/** The services of the mesh and the grants that their clients have. All methods throw `AwsCallError`. */
export class ServiceRegistry {
  private readonly table: Table;

  constructor(tableName: string, connection: AwsConnection) {
    this.table = registryTable(tableName, connection);
  }

  /**
   * Registers the service, adds the grants that its clients don't have yet, and removes all others of the service. A grant that
   * stays is in force all the time. A repetition completes what an interrupted run has begun.
   *
   * @param isUpdate as in `Registry.registerClient`
   * @throws ServiceTakenError if another resource declares the service
   */
  async register(service: Omit<RegistryService, 'clientNames'>, isUpdate: boolean, signal: AbortSignal): Promise<void> {
    const { serviceName, apiId } = service;
    const entries = entriesByClient(apiId, service.grants);
    const known = (await this.find(serviceName, signal))?.clientNames ?? [];
    const former = known.filter((clientName) => !entries.has(clientName));

    await this.record({ ...service, clientNames: [...entries.keys(), ...former] }, isUpdate, signal);
    await inParallel([...entries], ([clientName, held]) => this.setGrants(serviceName, clientName, held, signal));
    if (former.length === 0) return;
    await inParallel(former, (clientName) => this.setGrants(serviceName, clientName, undefined, signal));
    await this.record({ ...service, clientNames: [...entries.keys()] }, isUpdate, signal);
  }

  /** @returns false, and changes nothing, if another resource declares the service, or none */
  async remove(serviceName: string, declaredBy: string, signal: AbortSignal): Promise<boolean> {
    const service = await this.find(serviceName, signal);
    if (service?.declaredBy !== declaredBy) return false;
    await inParallel(service.clientNames, (clientName) => this.setGrants(serviceName, clientName, undefined, signal));
    const condition = { condition: 'declaredBy = :declaredBy', values: { ':declaredBy': declaredBy } };
    return deleteItem(this.table, serviceKey(serviceName), condition, signal);
  }

  private async find(serviceName: string, signal: AbortSignal): Promise<RegistryService | undefined> {
    const item = await getItem(this.table, serviceKey(serviceName), signal);
    return item && serviceFromItem(item);
  }

  private async record(service: RegistryService, isUpdate: boolean, signal: AbortSignal): Promise<void> {
    const { serviceName, declaredBy } = service;
    const entry: AgendaEntry = { due: 'SERVICE', dueAt: NEVER };
    const stack = `${declaredBy.split(' ')[0]} `;
    const change: ItemChange = {
      set: { ...service, ...entry },
      condition:
        'attribute_not_exists(#declaredBy) OR #declaredBy = :declaredBy' +
        (isUpdate ? ' OR begins_with(#declaredBy, :stack)' : ''),
      values: isUpdate ? { ':stack': stack } : {},
    };
    const key = serviceKey(serviceName);
    if (await updateItem(this.table, key, change, signal)) return;
    const known = await getItem(this.table, key, signal);
    throw new ServiceTakenError(serviceName, known?.['declaredBy']?.S ?? 'unknown');
  }

  private async setGrants(
    serviceName: string,
    clientName: string,
    entries: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const change: ItemChange = { set: { [grantsAttribute(serviceName)]: entries } };
    await updateItem(this.table, grantsKey(clientName), change, signal);
  }
}

function entriesByClient(apiId: string, grants: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const entries = new Map<string, string[]>();
  for (const declared of grants.flatMap((text) => parseDeclaredGrant(text) ?? [])) {
    const ofClient = entries.get(declared.clientName) ?? [];
    entries.set(declared.clientName, ofClient);
    ofClient.push(grantEntry(apiId, grantText(declared.grant)));
  }
  return entries;
}

async function inParallel<T>(values: readonly T[], work: (value: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < values.length; start += PARALLEL_WRITES) {
    await Promise.all(values.slice(start, start + PARALLEL_WRITES).map(work));
  }
}
