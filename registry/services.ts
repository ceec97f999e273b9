import type { AwsConnection } from '../aws/connection';
import { getItem, type Item, type ItemChange, type Table, updateItem } from '../aws/dynamodb';
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

/** A service as its resource declares it. */
export type DeclaredService = Omit<RegistryService, 'clientNames' | 'runs'>;

/** How many requests the record of a service remembers. */
const RUNS_KEPT = 10;

/** How long what is left of a removed service is kept. Longer than the six hours for which Lambda delivers an event again. */
const SECONDS_KEPT = 86_400;

/** The attributes that a removed service has no longer. */
const REMOVED: Readonly<Record<Exclude<keyof (RegistryService & AgendaEntry), 'runs'>, undefined>> = {
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
   * wins. A request that was delivered again after a later one changes nothing.
   *
   * @param isUpdate as in `Registry.registerClient`
   * @param run the ID of the request
   * @throws ServiceTakenError if another resource declares the service
   */
  async register(service: DeclaredService, isUpdate: boolean, run: string, signal: AbortSignal): Promise<void> {
    const { serviceName, grants } = service;
    const item = await getItem(this.table, serviceKey(serviceName), signal);
    const known = item && serviceIn(item);
    const earlier = item ? runsIn(item) : [];
    // The last one may be repeated to complete it, unless the service has been removed since.
    if (earlier.includes(run) && !(known && earlier.at(-1) === run)) return;
    const clientNames = [...new Set([...clientsOf(grants), ...(known?.clientNames ?? [])])];
    const runs = [...earlier.filter((other) => other !== run), run].slice(-RUNS_KEPT);
    await this.record({ ...service, clientNames, runs }, isUpdate, signal);

    for (let current: RegistryService | undefined = { ...service, clientNames, runs }; ; ) {
      await this.writeGrants(serviceName, current, clientNames, signal);
      const recorded = await this.find(serviceName, signal);
      if (recorded?.runs.at(-1) === current?.runs.at(-1)) return;
      // What this run has just written may be older than what a later run wrote before.
      current = recorded;
    }
  }

  /**
   * For a day, the item keeps the requests that registered the service, so that none of them brings it back when Lambda delivers it
   * again: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
   *
   * @returns false, and changes nothing, if another resource declares the service, or none
   */
  async remove(serviceName: string, declaredBy: string, at: Date, signal: AbortSignal): Promise<boolean> {
    const service = await this.find(serviceName, signal);
    if (service?.declaredBy !== declaredBy) return false;
    await this.writeGrants(serviceName, undefined, service.clientNames, signal);
    const change: ItemChange = {
      set: { ...REMOVED, expiresAt: Math.floor(at.getTime() / 1_000) + SECONDS_KEPT },
      condition: 'declaredBy = :resource',
      values: { ':resource': declaredBy },
    };
    return updateItem(this.table, serviceKey(serviceName), change, signal);
  }

  private async find(serviceName: string, signal: AbortSignal): Promise<RegistryService | undefined> {
    const item = await getItem(this.table, serviceKey(serviceName), signal);
    return item && serviceIn(item);
  }

  private async record(service: RegistryService, isUpdate: boolean, signal: AbortSignal): Promise<void> {
    const { serviceName, declaredBy } = service;
    const entry: AgendaEntry = { due: 'SERVICE', dueAt: NEVER };
    const stack = `${declaredBy.split(' ')[0]} `;
    const change: ItemChange = {
      set: { ...service, ...entry, expiresAt: undefined },
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

  /** Gives each of the clients the grants that it has of the service, which are none if the service doesn't exist. */
  private async writeGrants(
    serviceName: string,
    service: RegistryService | undefined,
    clientNames: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const entries = entriesByClient(service);
    await inParallel(clientNames, async (clientName) => {
      const change: ItemChange = { set: { [grantsAttribute(serviceName)]: entries.get(clientName) } };
      await updateItem(this.table, grantsKey(clientName), change, signal);
    });
  }
}

/** Undefined for what is left of a removed one. */
function serviceIn(item: Item): RegistryService | undefined {
  return item['declaredBy'] === undefined ? undefined : serviceFromItem(item);
}

function runsIn(item: Item): readonly string[] {
  return (item['runs']?.L ?? []).flatMap(({ S: run }) => run ?? []);
}

function clientsOf(grants: readonly string[]): readonly string[] {
  return grants.flatMap((text) => parseDeclaredGrant(text)?.clientName ?? []);
}

function entriesByClient(service: RegistryService | undefined): ReadonlyMap<string, readonly string[]> {
  const entries = new Map<string, string[]>();
  if (service === undefined) return entries;
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
