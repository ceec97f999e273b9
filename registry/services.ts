import type { AwsConnection } from '../aws/connection';
import { getItem, type Item, type ItemChange, type Table, updateItem } from '../aws/dynamodb';
import { grantText, parseDeclaredGrant } from '../mesh/grant';
import { grantEntry } from './admission';
import { type AgendaEntry, NEVER } from './agenda';
import { serviceFromItem } from './items';
import {
  grantsAttribute,
  grantsKey,
  type RegistryService,
  revisionAttribute,
  serviceKey,
  stackPrefixOf,
} from './records';
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

/** A service as its resource declares it. */
export type DeclaredService = Omit<RegistryService, 'clientNames' | 'revision'>;

/** How long the revision of a removed service is kept. Longer than any difference between the clocks of functions. */
const SECONDS_KEPT = 86_400;

/** The attributes that a removed service has no longer. */
const REMOVED: Readonly<Record<Exclude<keyof (RegistryService & AgendaEntry), 'revision'>, undefined>> = {
  serviceName: undefined,
  apiId: undefined,
  grants: undefined,
  clientNames: undefined,
  declaredBy: undefined,
  updatedAt: undefined,
  due: undefined,
  dueAt: undefined,
};

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
   * stays is in force all the time. If runs overlap, because CloudFormation has not waited for one, the one that was recorded last
   * wins.
   *
   * @param isUpdate as in `Registry.registerClient`
   * @throws ServiceTakenError if another resource declares the service
   */
  async register(service: DeclaredService, isUpdate: boolean, signal: AbortSignal): Promise<void> {
    const { serviceName, grants } = service;
    const item = await getItem(this.table, serviceKey(serviceName), signal);
    const known = item && serviceIn(item);
    const clientNames = [...new Set([...clientsOf(grants), ...(known?.clientNames ?? [])])];
    const recorded = { ...service, clientNames, revision: revisionAfter(item, Date.parse(service.updatedAt)) };
    // Another run has recorded in between. The one that records last wins.
    if (!(await this.record(recorded, isUpdate, signal))) return this.register(service, isUpdate, signal);
    await this.writeGrants(recorded, entriesByClient(recorded), signal);
  }

  /**
   * For a day, the item keeps the revision, so that the grants of a service that is declared again have a later one.
   *
   * @returns false, and changes nothing, if another resource declares the service, or none
   */
  async remove(serviceName: string, declaredBy: string, at: Date, signal: AbortSignal): Promise<boolean> {
    const item = await getItem(this.table, serviceKey(serviceName), signal);
    const service = item && serviceIn(item);
    if (service?.declaredBy !== declaredBy) return false;
    const revision = revisionAfter(item, at.getTime());
    await this.writeGrants({ ...service, revision }, new Map(), signal);
    const change: ItemChange = {
      set: { ...REMOVED, revision, expiresAt: Math.floor(at.getTime() / 1_000) + SECONDS_KEPT },
      condition: 'declaredBy = :resource',
      values: { ':resource': declaredBy },
    };
    return updateItem(this.table, serviceKey(serviceName), change, signal);
  }

  /** @returns false, and changes nothing, if another run has recorded since the item was read */
  private async record(service: RegistryService, isUpdate: boolean, signal: AbortSignal): Promise<boolean> {
    const { serviceName, declaredBy } = service;
    const entry: AgendaEntry = { due: 'SERVICE', dueAt: NEVER };
    const isFree =
      'attribute_not_exists(#declaredBy) OR #declaredBy = :declaredBy' +
      (isUpdate ? ' OR begins_with(#declaredBy, :stack)' : '');
    const change: ItemChange = {
      set: { ...service, ...entry, expiresAt: undefined },
      condition: `(${isFree}) AND (attribute_not_exists(#revision) OR #revision < :revision)`,
      values: isUpdate ? { ':stack': stackPrefixOf(declaredBy) } : {},
    };
    const key = serviceKey(serviceName);
    if (await updateItem(this.table, key, change, signal)) return true;
    const owner = (await getItem(this.table, key, signal))?.['declaredBy']?.S ?? declaredBy;
    if (owner === declaredBy || (isUpdate && owner.startsWith(stackPrefixOf(declaredBy)))) return false;
    throw new ServiceTakenError(serviceName, owner);
  }

  /** Gives each client of the service its grants, unless a later revision has written them. */
  private async writeGrants(
    { serviceName, clientNames, revision }: RegistryService,
    entries: ReadonlyMap<string, readonly string[]>,
    signal: AbortSignal,
  ): Promise<void> {
    const written = revisionAttribute(serviceName);
    await inParallel(clientNames, async (clientName) => {
      const change: ItemChange = {
        set: { [grantsAttribute(serviceName)]: entries.get(clientName), [written]: revision },
        condition: `attribute_not_exists(#${written}) OR #${written} <= :${written}`,
      };
      await updateItem(this.table, grantsKey(clientName), change, signal);
    });
  }
}

/** Later than the one in the item. It begins with the time, so that it grows also when the item is gone. */
function revisionAfter(item: Item | undefined, at: number): number {
  return Math.max(at, Number(item?.['revision']?.N ?? 0) + 1);
}

/** Undefined for what is left of a removed one. */
function serviceIn(item: Item): RegistryService | undefined {
  return item['declaredBy'] === undefined ? undefined : serviceFromItem(item);
}

function clientsOf(grants: readonly string[]): readonly string[] {
  return grants.flatMap((text) => parseDeclaredGrant(text)?.clientName ?? []);
}

function entriesByClient(service: RegistryService): ReadonlyMap<string, readonly string[]> {
  const entries = new Map<string, string[]>();
  for (const { clientName, grant } of service.grants.flatMap((text) => parseDeclaredGrant(text) ?? [])) {
    const ofClient = entries.get(clientName) ?? [];
    entries.set(clientName, ofClient);
    ofClient.push(grantEntry(service.apiId, grantText(grant)));
  }
  return entries;
}

async function inParallel<T>(values: readonly T[], work: (value: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < values.length; start += PARALLEL_WRITES) {
    await Promise.all(values.slice(start, start + PARALLEL_WRITES).map(work));
  }
}
