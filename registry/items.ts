/** How clients and certificates stand in DynamoDB. */
import { CERTIFICATE_IDENTITY_KINDS } from '../pki/certificate-identity';
import { KEY_ALGORITHMS, SIGNING_ALGORITHMS } from '../mesh/contract';
import type { RegistryExternalClient } from '../mesh/external-clients';
import {
  REVOCATION_REASONS,
  type RegistryCertificate,
  type RegistryClient,
  type RegistryKey,
} from './records';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html */
interface AttributeValue {
  readonly S?: string;
  readonly N?: string;
  readonly L?: readonly AttributeValue[];
}

export type Item = Readonly<Record<string, AttributeValue>>;

type Value = string | number | readonly string[] | undefined;

/** The registry holds something that is neither a client nor a certificate of ours. */
class RegistryItemError extends Error {
  override readonly name = 'RegistryItemError';
}

/** Attributes for a record's fields; those that are undefined are left out. */
export function toItem(record: object): Item {
  const fields: [string, Value][] = Object.entries(record);
  return Object.fromEntries(
    fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, attributeValue(value)]])),
  );
}

function attributeValue(value: Exclude<Value, undefined>): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  return { L: value.map((text) => ({ S: text })) };
}

export function clientOf(item: Item): RegistryClient {
  const { text, number, choice, texts, optional } = reader(item);
  return {
    clientName: text('clientName'),
    spiffeId: text('spiffeId'),
    state: choice('state', ['ENABLED', 'DISABLED']),
    ...optional('secretId', text),
    dnsNames: texts('dnsNames'),
    keyAlgorithm: choice('keyAlgorithm', KEY_ALGORITHMS),
    validityHours: number('validityHours'),
    certificateAuthorityArn: text('certificateAuthorityArn'),
    signingAlgorithm: choice('signingAlgorithm', SIGNING_ALGORITHMS),
    ...optional('overlapHours', number),
    ...optional('requesters', texts),
    ...optional('declaredBy', text),
    updatedAt: text('updatedAt'),
    updatedBy: text('updatedBy'),
  } satisfies RegistryClient;
}

/**
 * Whose certificates the item of a client is about: such as the mesh issues, such as others do, or both, while a client
 * changes from one to the other.
 */
export function clientKindsOf(item: Item): { readonly isIssued: boolean; readonly isExternal: boolean } {
  const isExternal = item['trustAnchor' satisfies keyof RegistryExternalClient] !== undefined;
  const isIssued = !isExternal || item['certificateAuthorityArn' satisfies keyof RegistryClient] !== undefined;
  return { isIssued, isExternal };
}

export function externalClientOf(item: Item): RegistryExternalClient {
  const { text, choice, texts } = reader(item);
  return {
    clientName: text('clientName'),
    spiffeId: text('spiffeId'),
    state: choice('state', ['ENABLED', 'DISABLED']),
    trustAnchor: text('trustAnchor'),
    identityKind: choice('identityKind', CERTIFICATE_IDENTITY_KINDS),
    identityValue: text('identityValue'),
    authoritiesNotAfter: text('authoritiesNotAfter'),
    identityIds: texts('identityIds'),
    registeredBy: text('registeredBy'),
    updatedAt: text('updatedAt'),
    updatedBy: text('updatedBy'),
  } satisfies RegistryExternalClient;
}

export function certificateOf(item: Item): RegistryCertificate {
  const { text, number, choice, optional } = reader(item);
  return {
    clientName: text('clientName'),
    spiffeId: text('spiffeId'),
    serialNumber: text('serialNumber'),
    issuer: text('issuer'),
    certificateArn: text('certificateArn'),
    certificateAuthorityArn: text('certificateAuthorityArn'),
    fingerprint: text('fingerprint'),
    notBefore: text('notBefore'),
    notAfter: text('notAfter'),
    authoritiesNotAfter: text('authoritiesNotAfter'),
    ...optional('secretVersionId', text),
    status: choice('status', ['ISSUED', 'REVOKED']),
    issuedAt: text('issuedAt'),
    issuedBy: choice('issuedBy', ['deployment', 'rotation', 'request']),
    ...optional('requestedBy', text),
    expiresAt: number('expiresAt'),
    ...optional('currentSince', text),
    ...optional('refuseAfter', text),
    ...optional('revokedAt', text),
    ...optional('revokedBy', text),
    ...optional('revocationReason', (name) => choice(name, REVOCATION_REASONS)),
    ...optional('revokedAtAuthority', text),
  } satisfies RegistryCertificate;
}

/** Reads attributes by name and type; each throws `RegistryItemError` for what is not there. */
function reader(item: Item) {
  const broken = (name: string, expected: string) =>
    new RegistryItemError(`the registry's item ${keyText(item)} has no ${expected} "${name}"`);

  function text(name: string): string {
    const value = item[name];
    if (value?.S !== undefined) return value.S;
    throw broken(name, 'text');
  }

  function number(name: string): number {
    const value = item[name];
    if (value?.N !== undefined) return Number(value.N);
    throw broken(name, 'number');
  }

  function choice<T extends string>(name: string, choices: readonly T[]): T {
    const value = text(name);
    const found = choices.find((candidate) => candidate === value);
    if (found === undefined) throw broken(name, `one of ${choices.join(', ')} as`);
    return found;
  }

  function texts(name: string): readonly string[] {
    const value = item[name];
    if (value?.L === undefined) throw broken(name, 'list');
    return value.L.map((entry) => {
      if (entry.S !== undefined) return entry.S;
      throw broken(name, 'list of texts');
    });
  }

  /** A field of that name if the item has the attribute, else nothing. */
  function optional<N extends string, T>(name: N, read: (name: N) => T): { readonly [K in N]?: T } {
    return item[name] === undefined ? {} : ({ [name]: read(name) } as { readonly [K in N]: T });
  }

  return { text, number, choice, texts, optional };
}

export function keyOf(item: Item): RegistryKey {
  const { text } = reader(item);
  return { partitionKey: text('partitionKey'), sortKey: text('sortKey') };
}

function keyText({ partitionKey, sortKey }: Item): string {
  return [partitionKey, sortKey].map((value) => value?.S ?? '?').join(' ');
}
