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
import { LaterRequestError, orderExpiresAt } from './requests';
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

/** A service as its resource declares it. `updatedAt` is when the request was recorded. */
export type DeclaredService = Omit<RegistryService, 'clientNames' | 'revision'>;

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
   * stays is in force all the time. If runs overlap, because CloudFormation has not waited for one, or Lambda runs a request twice,
   * the request that was recorded last wins.
   *
   * @param isUpdate as in `Registry.registerClient`
   * @throws ServiceTakenError if another resource declares the service
   * @throws LaterRequestError if a later request has registered or removed it
   */
  async register(service: DeclaredService, isUpdate: boolean, signal: AbortSignal): Promise<void> {
    const { serviceName, grants } = service;
    const item = await getItem(this.table, serviceKey(serviceName), signal);
    const known = item && serviceIn(item);
    const clientNames = [...new Set([...clientsOf(grants), ...(known?.clientNames ?? [])])];
    const recorded = { ...service, clientNames, revision: Date.parse(service.updatedAt) };
    // Another run has recorded since, maybe with other clients.
    if (!(await this.record(recorded, item, isUpdate, signal))) return this.register(service, isUpdate, signal);
    await this.writeGrants(recorded, entriesByClient(recorded), signal);
  }

  /**
   * For a day, the item keeps the revision, so that no earlier request brings the service back.
   *
   * @param at when the request was recorded
   * @returns false, and changes nothing, if another resource declares the service, or none, or a later request has registered it
   */
  async remove(serviceName: string, declaredBy: string, at: Date, signal: AbortSignal): Promise<boolean> {
    const item = await getItem(this.table, serviceKey(serviceName), signal);
    const service = item && serviceIn(item);
    const revision = at.getTime();
    if (service?.declaredBy !== declaredBy || service.revision > revision) return false;
    await this.writeGrants({ ...service, revision }, new Map(), signal);
    const change: ItemChange = {
      set: { ...REMOVED, revision, expiresAt: orderExpiresAt(at) },
      condition: 'declaredBy = :resource AND #revision = :seen',
      values: { ':resource': declaredBy, ':seen': service.revision },
    };
    if (await updateItem(this.table, serviceKey(serviceName), change, signal)) return true;
    // Another run has recorded since, maybe with other clients.
    return this.remove(serviceName, declaredBy, at, signal);
  }

  /**
   * @param seen the item before
   * @returns false, and changes nothing, if the item is another one by now
   */
  private async record(
    service: RegistryService,
    seen: Item | undefined,
    isUpdate: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { serviceName, declaredBy, revision } = service;
    const before = seen && revisionIn(seen);
    const entry: AgendaEntry = { due: 'SERVICE', dueAt: NEVER };
    const isFree =
      'attribute_not_exists(#declaredBy) OR #declaredBy = :declaredBy' +
      (isUpdate ? ' OR begins_with(#declaredBy, :stack)' : '');
    const change: ItemChange = {
      set: { ...service, ...entry, expiresAt: undefined },
      condition: `(${isFree}) AND ${before === undefined ? 'attribute_not_exists(#revision)' : '#revision = :seen'}`,
      values: {
        ...(isUpdate && { ':stack': stackPrefixOf(declaredBy) }),
        ...(before !== undefined && { ':seen': before }),
      },
    };
    const key = serviceKey(serviceName);
    const isLater = before === undefined || before <= revision;
    if (isLater && (await updateItem(this.table, key, change, signal))) return true;
    const owner = (await getItem(this.table, key, signal))?.['declaredBy']?.S ?? declaredBy;
    const isOurs = owner === declaredBy || (isUpdate && owner.startsWith(stackPrefixOf(declaredBy)));
    if (!isOurs) throw new ServiceTakenError(serviceName, owner);
    if (!isLater) throw new LaterRequestError(`service ${serviceName}`);
    return false;
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

function revisionIn({ revision }: Item): number | undefined {
  return revision?.N === undefined ? undefined : Number(revision.N);
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
