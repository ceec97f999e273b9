/** Registers and removes clients by their kind. A client of both kinds has one item, with one state. */
import { getItem, type ItemChange, type Table, updateItem } from '../aws/dynamodb';
import { CLIENT_ENTRY, type ClientKind, NOT_REMOVED, OFF_THE_AGENDA, otherThan, SHARED_PROFILE } from './client-kinds';
import { clientKey, type RegistryClient, stackPrefixOf } from './records';
import { LaterRequestError, orderExpiresAt } from './requests';

/**
 * @returns as `Registry.registerClient`
 * @throws LaterRequestError if a later request has registered or removed the client
 */
export async function registerKind(
  table: Table,
  { clientName, ...attributes }: { readonly clientName: string; readonly updatedAt: string },
  kind: ClientKind,
  resource: { readonly id: string; readonly isUpdate: boolean },
  signal: AbortSignal,
): Promise<string | undefined> {
  const [own, other] = [kind.resource, otherThan(kind).resource];
  const stack = stackPrefixOf(resource.id);
  const revision = Date.parse(attributes.updatedAt);
  const change: ItemChange = {
    set: { clientName, ...attributes, ...NOT_REMOVED, [kind.revision]: revision },
    setOnce: { state: 'ENABLED', ...CLIENT_ENTRY },
    condition:
      `(attribute_not_exists(${own}) OR ${own} = :${own}${resource.isUpdate ? ` OR begins_with(${own}, :stack)` : ''}) AND ` +
      `(attribute_not_exists(${other}) OR begins_with(${other}, :stack)) AND ${notAfter(kind)}`,
    values: { ':stack': stack },
  };
  const key = clientKey(clientName);
  if (await updateItem(table, key, change, signal)) return undefined;
  const known = await getItem(table, key, signal);
  const [declaredBy, ofOtherKind] = [known?.[own]?.S, known?.[other]?.S];
  const isOwn = declaredBy === resource.id || (resource.isUpdate && declaredBy?.startsWith(stack));
  if (declaredBy !== undefined && !isOwn) return declaredBy;
  if (ofOtherKind !== undefined && !ofOtherKind.startsWith(stack)) return ofOtherKind;
  if (Number(known?.[kind.revision]?.N) > revision) throw new LaterRequestError(`client ${clientName}`);
  return 'unknown';
}

/**
 * A disabled client leaves an item behind, so that it is still disabled if a deployment adds it again. Any other one leaves its
 * revisions for a day, so that no earlier request brings it back.
 * @returns as `Registry.removeClient`
 */
export async function removeKind(
  table: Table,
  clientName: string,
  kind: ClientKind,
  { resource, removedAt }: { readonly resource: string; readonly removedAt: string },
  signal: AbortSignal,
): Promise<boolean> {
  const key = clientKey(clientName);
  const revision = Date.parse(removedAt);
  const removed = { ...kind.only, [kind.revision]: revision };
  const values = { ':resource': resource };
  const own = `${kind.resource} = :resource AND ${notAfter(kind)}`;
  const other = otherThan(kind).resource;
  const rest: ItemChange = {
    set: { ...removed, ...kind.other },
    condition: `${own} AND attribute_exists(${other})`,
    values,
  };
  if (await updateItem(table, key, rest, signal)) return true;

  const state = 'DISABLED' satisfies RegistryClient['state'];
  const disabled: ItemChange = {
    set: { ...removed, ...OFF_THE_AGENDA, state, removedAt },
    condition: `${own} AND #state = :state`,
    values,
  };
  if (await updateItem(table, key, disabled, signal)) return true;

  const expiresAt = orderExpiresAt(new Date(revision));
  const enabled: ItemChange = {
    set: { ...removed, ...OFF_THE_AGENDA, ...SHARED_PROFILE, removedAt, expiresAt },
    condition: `${own} AND attribute_not_exists(${other}) AND #state <> :disabled`,
    values: { ...values, ':disabled': state },
  };
  if (await updateItem(table, key, enabled, signal)) return true;
  // An operator may have disabled the client in between.
  if (await updateItem(table, key, disabled, signal)) return true;
  return (await getItem(table, key, signal))?.[kind.resource] === undefined;
}

/** The condition that no later request has changed the client. */
function notAfter({ revision }: ClientKind): string {
  return `(attribute_not_exists(#${revision}) OR #${revision} <= :${revision})`;
}
