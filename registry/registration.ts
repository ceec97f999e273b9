/** Registers and removes clients by their kind. A client of both kinds has one item, with one state. */
import { deleteItem, getItem, type ItemChange, type Table, updateItem } from '../aws/dynamodb';
import { CLIENT_ENTRY, type ClientKind, NOT_REMOVED, OFF_THE_AGENDA, otherThan } from './client-kinds';
import { clientKey, type RegistryClient, stackPrefixOf } from './records';

/** @returns as `Registry.registerClient` */
export async function registerKind(
  table: Table,
  { clientName, ...attributes }: { readonly clientName: string },
  kind: ClientKind,
  resource: { readonly id: string; readonly isUpdate: boolean },
  signal: AbortSignal,
): Promise<string | undefined> {
  const [own, other] = [kind.resource, otherThan(kind).resource];
  const stack = stackPrefixOf(resource.id);
  const change: ItemChange = {
    set: { clientName, ...attributes, ...NOT_REMOVED },
    setOnce: { state: 'ENABLED', ...CLIENT_ENTRY },
    condition:
      `(attribute_not_exists(${own}) OR ${own} = :${own}${resource.isUpdate ? ` OR begins_with(${own}, :stack)` : ''}) AND ` +
      `(attribute_not_exists(${other}) OR begins_with(${other}, :stack))`,
    values: { ':stack': stack },
  };
  const key = clientKey(clientName);
  if (await updateItem(table, key, change, signal)) return undefined;
  const known = await getItem(table, key, signal);
  const [declaredBy, ofOtherKind] = [known?.[own]?.S, known?.[other]?.S];
  return (declaredBy === resource.id ? undefined : declaredBy) ?? ofOtherKind ?? 'unknown';
}

/**
 * A disabled client leaves an item behind, so that it is still disabled if a deployment adds it again.
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
  const values = { ':resource': resource };
  const own = `${kind.resource} = :resource`;
  const other = otherThan(kind).resource;
  const rest: ItemChange = {
    set: { ...kind.only, ...kind.other },
    condition: `${own} AND attribute_exists(${other})`,
    values,
  };
  if (await updateItem(table, key, rest, signal)) return true;

  const state = 'DISABLED' satisfies RegistryClient['state'];
  const disabled: ItemChange = {
    set: { ...kind.only, ...OFF_THE_AGENDA, state, removedAt },
    condition: `${own} AND #state = :state`,
    values,
  };
  if (await updateItem(table, key, disabled, signal)) return true;

  const enabled = {
    condition: `${own} AND attribute_not_exists(${other}) AND #state <> :state`,
    names: { '#state': 'state' },
    values: { ...values, ':state': state },
  };
  if (await deleteItem(table, key, enabled, signal)) return true;
  // An operator may have disabled the client in between.
  if (await updateItem(table, key, disabled, signal)) return true;
  return (await getItem(table, key, signal))?.[kind.resource] === undefined;
}
