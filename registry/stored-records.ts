/** Reads any item of the registry, malformed or not. */
import type { Item } from '../aws/dynamodb';
import {
  certificateFactsIn,
  certificateFromItem,
  clientFromItem,
  clientKinds,
  externalClientFromItem,
  identityFromItem,
  keyFromItem,
  RegistryItemError,
  revocationFactsIn,
  serviceFromItem,
} from './items';
import {
  CERTIFICATE_SORT_KEY_PREFIX,
  certificateKey,
  clientKey,
  identityKey,
  type RegistryCertificate,
  type RegistryClient,
  type RegistryExternalClient,
  type RegistryIdentity,
  type RegistryKey,
  type RegistryService,
  serviceKey,
} from './records';
import type { CertificateFacts } from './status';

/** One item of the registry. */
export type RegistryRecord =
  | { readonly kind: 'client'; readonly client: RegistryClient }
  | { readonly kind: 'external client'; readonly client: RegistryExternalClient }
  | { readonly kind: 'certificate'; readonly certificate: RegistryCertificate }
  | { readonly kind: 'identity'; readonly identity: RegistryIdentity }
  | { readonly kind: 'service'; readonly service: RegistryService }
  | { readonly kind: 'malformed'; readonly malformed: MalformedItem };

/** An item that can't be read. The others can. */
export interface MalformedItem {
  readonly key: RegistryKey;
  /** From the key. Empty for the item of an identity or a service. */
  readonly clientName: string;
  /** Which attribute is malformed, in one sentence. */
  readonly problem: string;
  /** What a certificate's item says nevertheless. Absent for other items. */
  readonly certificate?: RevocableCertificate;
}

/** What matters for the revocation of a certificate. `RegistryCertificate` has all of it; a malformed item may lack some. */
export type RevocableCertificate = CertificateFacts &
  Pick<RegistryCertificate, 'clientName' | 'fingerprint'> &
  ReturnType<typeof revocationFactsIn>;

/** The certificate of a record, malformed or not. Undefined for other records. */
export function revocableIn(record: RegistryRecord): RevocableCertificate | undefined {
  if (record.kind === 'certificate') return record.certificate;
  return record.kind === 'malformed' ? record.malformed.certificate : undefined;
}

/** A certificate as the index of its authority has it. */
export interface HeldCertificate extends CertificateFacts {
  readonly key: RegistryKey;
  /** From the key. */
  readonly clientName: string;
  readonly authoritiesNotAfter?: string;
}

/** Yields nothing for other items, and two records for a client that changes from one kind to the other. */
export function* recordsIn(item: Item): Iterable<RegistryRecord> {
  const key = keyFromItem(item);
  if (key.sortKey === identityKey('').sortKey) {
    yield readRecord(item, key, () => ({ kind: 'identity', identity: identityFromItem(item) }));
  } else if (key.sortKey === serviceKey('').sortKey) {
    yield readRecord(item, key, () => ({ kind: 'service', service: serviceFromItem(item) }));
  } else if (key.sortKey.startsWith(CERTIFICATE_SORT_KEY_PREFIX)) {
    yield readRecord(item, key, () => ({ kind: 'certificate', certificate: readCertificate(item, key) }));
  } else if (key.sortKey === clientKey('').sortKey) {
    const { isIssued, isExternal } = clientKinds(item);
    if (isIssued) yield readRecord(item, key, () => ({ kind: 'client', client: clientFromItem(item) }));
    if (isExternal)
      yield readRecord(item, key, () => ({ kind: 'external client', client: externalClientFromItem(item) }));
  }
}

/** Changes of the certificate go to the item by these names. */
function readCertificate(item: Item, key: RegistryKey): RegistryCertificate {
  const certificate = certificateFromItem(item);
  const { clientName, fingerprint } = certificate;
  const { partitionKey, sortKey } = certificateKey(clientName, fingerprint);
  if (partitionKey === key.partitionKey && sortKey === key.sortKey) return certificate;
  throw new RegistryItemError(
    `the registry's item ${key.partitionKey} ${key.sortKey} names certificate ${fingerprint} of ${clientName}`,
  );
}

function readRecord(item: Item, key: RegistryKey, read: () => RegistryRecord): RegistryRecord {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RegistryItemError)) throw error;
    const clientName = clientNameIn(key);
    const isCertificate = key.sortKey.startsWith(CERTIFICATE_SORT_KEY_PREFIX);
    const fingerprint = key.sortKey.slice(CERTIFICATE_SORT_KEY_PREFIX.length);
    const certificate = { ...certificateFactsIn(item), ...revocationFactsIn(item), clientName, fingerprint };
    const malformed = { key, clientName, problem: error.message, ...(isCertificate && { certificate }) };
    return { kind: 'malformed', malformed };
  }
}

/** Empty for the key of another item. */
function clientNameIn({ partitionKey }: RegistryKey): string {
  const prefix = clientKey('').partitionKey;
  return partitionKey.startsWith(prefix) ? partitionKey.slice(prefix.length) : '';
}

/** A certificate in the index of its authority. */
export function heldCertificateIn(item: Item): HeldCertificate {
  const authoritiesNotAfter = item['authoritiesNotAfter']?.S;
  const key = keyFromItem(item);
  return {
    ...certificateFactsIn(item),
    key,
    clientName: clientNameIn(key),
    ...(authoritiesNotAfter !== undefined && { authoritiesNotAfter }),
  };
}
