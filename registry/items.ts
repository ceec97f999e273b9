/** Reads records of the registry from DynamoDB items. `toItem` of `aws/dynamodb.ts` creates the items. */
import type { Item } from '../aws/dynamodb';
import { REVOCATION_REASONS } from '../mesh/contract';
import { CERTIFICATE_IDENTITY_KINDS } from '../pki/certificate-identity';
import { KEY_ALGORITHMS } from '../pki/keys';
import { SIGNING_ALGORITHMS } from '../pki/signature';
import type {
  RegistryCertificate,
  RegistryClient,
  RegistryExternalClient,
  RegistryIdentity,
  RegistryKey,
  RegistryRemovedClient,
  RegistryService,
} from './records';
import type { CertificateFacts } from './status';

/** An item of the registry is malformed. */
export class RegistryItemError extends Error {
  override readonly name = 'RegistryItemError';
}

export function clientFromItem(item: Item): RegistryClient {
  const { text, time, number, choice, texts, optional } = reader(item);
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
    ...optional('certificateLimit', number),
    ...optional('requesters', texts),
    ...optional('currentCertificate', text),
    ...optional('currentIssuedAt', time),
    ...optional('lastRotation', time),
    ...optional('rotationFailedAt', time),
    ...optional('rotationFailure', text),
    declaredBy: text('declaredBy'),
    updatedAt: text('updatedAt'),
    updatedBy: text('updatedBy'),
  } satisfies RegistryClient;
}

/**
 * Whether the mesh or a trust anchor issues the certificates of the item's client. Both are true while a client changes
 * from one kind to the other, and neither for a removed client.
 */
export function clientKinds(item: Item): { readonly isIssued: boolean; readonly isExternal: boolean } {
  const isExternal = item['trustAnchor' satisfies keyof RegistryExternalClient] !== undefined;
  const isRemoved = item['removedAt' satisfies keyof RegistryRemovedClient] !== undefined;
  const isIssued =
    !(isExternal || isRemoved) || item['certificateAuthorityArn' satisfies keyof RegistryClient] !== undefined;
  return { isIssued, isExternal };
}

export function externalClientFromItem(item: Item): RegistryExternalClient {
  const { text, time, number, choice, texts, optional } = reader(item);
  return {
    clientName: text('clientName'),
    spiffeId: text('spiffeId'),
    state: choice('state', ['ENABLED', 'DISABLED']),
    trustAnchor: text('trustAnchor'),
    identityKind: choice('identityKind', CERTIFICATE_IDENTITY_KINDS),
    identityValue: text('identityValue'),
    authoritiesNotAfter: time('authoritiesNotAfter'),
    identityIds: texts('identityIds'),
    registeredBy: text('registeredBy'),
    ...optional('registeredRevision', number),
    updatedAt: text('updatedAt'),
    updatedBy: text('updatedBy'),
  } satisfies RegistryExternalClient;
}

export function identityFromItem(item: Item): RegistryIdentity {
  const { text, time } = reader(item);
  return { clientName: text('clientName'), authority: text('authority'), authorityNotAfter: time('authorityNotAfter') };
}

export function serviceFromItem(item: Item): RegistryService {
  const { text, texts, number } = reader(item);
  return {
    serviceName: text('serviceName'),
    apiId: text('apiId'),
    grants: texts('grants'),
    clientNames: texts('clientNames'),
    revision: number('revision'),
    declaredBy: text('declaredBy'),
    updatedAt: text('updatedAt'),
  } satisfies RegistryService;
}

export function certificateFromItem(item: Item): RegistryCertificate {
  const { text, time, number, choice, optional } = reader(item);
  return {
    clientName: text('clientName'),
    spiffeId: text('spiffeId'),
    serialNumber: text('serialNumber'),
    issuer: text('issuer'),
    ...optional('certificateArn', text),
    certificateAuthorityArn: text('certificateAuthorityArn'),
    fingerprint: text('fingerprint'),
    notBefore: time('notBefore'),
    notAfter: time('notAfter'),
    authoritiesNotAfter: time('authoritiesNotAfter'),
    ...optional('publicKeyHash', text),
    ...optional('secretVersionId', text),
    status: choice('status', ['ISSUED', 'REVOKED']),
    issuedAt: time('issuedAt'),
    issuedBy: choice('issuedBy', ['deployment', 'rotation', 'request']),
    ...optional('requestedBy', text),
    expiresAt: number('expiresAt'),
    ...optional('currentSince', time),
    ...optional('refuseAfter', time),
    ...optional('expiryReportedAt', time),
    ...optional('revokedAt', text),
    ...optional('revokedBy', text),
    ...optional('revocationReason', (name) => choice(name, REVOCATION_REASONS)),
    ...optional('revokedAtAuthority', text),
  } satisfies RegistryCertificate;
}

/** Reads attributes by name and type. Each function throws `RegistryItemError` for a missing or malformed attribute. */
function reader(item: Item) {
  const malformed = (name: string, expected: string) =>
    new RegistryItemError(`the attribute "${name}" of the registry's item ${keyText(item)} must be ${expected}`);

  function text(name: string): string {
    const value = item[name];
    if (value?.S !== undefined) return value.S;
    throw malformed(name, 'a string');
  }

  /** In the form in which the mesh writes times. Comparisons of other texts would be wrong, and never noticed. */
  function time(name: string): string {
    const value = text(name);
    const parsed = new Date(value);
    if (Number.isNaN(parsed.getTime()) || parsed.toISOString() !== value)
      throw malformed(name, 'a time in ISO 8601, UTC');
    return value;
  }

  function number(name: string): number {
    const value = item[name];
    if (value?.N !== undefined) return Number(value.N);
    throw malformed(name, 'a number');
  }

  function choice<T extends string>(name: string, choices: readonly T[]): T {
    const value = text(name);
    const found = choices.find((candidate) => candidate === value);
    if (found === undefined) throw malformed(name, `one of ${choices.join(', ')}`);
    return found;
  }

  function texts(name: string): readonly string[] {
    const value = item[name];
    if (value?.L === undefined) throw malformed(name, 'a list');
    return value.L.map((entry) => {
      if (entry.S !== undefined) return entry.S;
      throw malformed(name, 'a list of strings');
    });
  }

  /** An object with the field if the item has the attribute, otherwise an empty object. */
  function optional<N extends string, T>(name: N, read: (name: N) => T): { readonly [K in N]?: T } {
    return item[name] === undefined ? {} : ({ [name]: read(name) } as { readonly [K in N]: T });
  }

  return { text, time, number, choice, texts, optional };
}

/** The facts of a certificate as its item has them, which may be malformed. */
export function certificateFactsIn(item: Item): CertificateFacts {
  const names = ['spiffeId', 'status', 'notBefore', 'notAfter', 'refuseAfter'] as const;
  return Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name].S ?? '']])));
}

/** What else a certificate's item says that matters for its revocation. Leaves out what is missing or malformed. */
export function revocationFactsIn(
  item: Item,
): Partial<Pick<RegistryCertificate, (typeof REVOCATION_TEXTS)[number] | 'revocationReason'>> {
  const texts = REVOCATION_TEXTS.flatMap((name) => (item[name]?.S ? [[name, item[name].S]] : []));
  const revocationReason = REVOCATION_REASONS.find((reason) => reason === item['revocationReason']?.S);
  return { ...Object.fromEntries(texts), ...(revocationReason && { revocationReason }) };
}

const REVOCATION_TEXTS = [
  'serialNumber',
  'certificateAuthorityArn',
  'publicKeyHash',
  'revokedAt',
  'revokedAtAuthority',
] as const satisfies readonly (keyof RegistryCertificate)[];

export function keyFromItem(item: Item): RegistryKey {
  const { text } = reader(item);
  return { partitionKey: text('partitionKey'), sortKey: text('sortKey') };
}

function keyText({ partitionKey, sortKey }: Item): string {
  return [partitionKey, sortKey].map((value) => value?.S ?? '?').join(' ');
}
