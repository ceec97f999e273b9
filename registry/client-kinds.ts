/** The attributes that clients with issued certificates and external clients have in the item of a client. */
import { type AgendaEntry, NEVER } from './agenda';
import type { RegistryClient, RegistryClientRevisions, RegistryExternalClient, RegistryRemovedClient } from './records';

/** The attributes of a client that follow its certificates. */
export type CurrentCertificate = Pick<RegistryClient, 'currentCertificate' | 'currentIssuedAt' | 'lastRotation'>;
export type RotationFailure = Required<Pick<RegistryClient, 'rotationFailedAt' | 'rotationFailure'>>;

/** The attributes that a deployment registers for a client. Operators change the state. */
export type ClientProfile = Omit<RegistryClient, 'state' | keyof CurrentCertificate | keyof RotationFailure>;
export type ExternalClientProfile = Omit<RegistryExternalClient, 'state' | 'registeredRevision'>;

type Absent<N extends string> = Readonly<Record<N, undefined>>;

/** The attributes that deployments register for clients with issued certificates only. */
export const ISSUED_PROFILE_ONLY: Absent<Exclude<keyof ClientProfile, keyof RegistryExternalClient>> = {
  secretId: undefined,
  dnsNames: undefined,
  keyAlgorithm: undefined,
  validityHours: undefined,
  certificateAuthorityArn: undefined,
  signingAlgorithm: undefined,
  overlapHours: undefined,
  certificateLimit: undefined,
  requesters: undefined,
  declaredBy: undefined,
};

export const NO_ROTATION_FAILURE: Absent<keyof RotationFailure> = {
  rotationFailedAt: undefined,
  rotationFailure: undefined,
};

/** The attributes that only clients with issued certificates have. */
const ISSUED_CLIENT_ONLY: Absent<Exclude<keyof RegistryClient, keyof RegistryExternalClient>> = {
  ...ISSUED_PROFILE_ONLY,
  currentCertificate: undefined,
  currentIssuedAt: undefined,
  lastRotation: undefined,
  ...NO_ROTATION_FAILURE,
};

/** The attributes that only external clients have. */
const EXTERNAL_CLIENT_ONLY: Absent<
  Exclude<keyof RegistryExternalClient, keyof RegistryClient | keyof RegistryClientRevisions>
> = {
  trustAnchor: undefined,
  identityKind: undefined,
  identityValue: undefined,
  authoritiesNotAfter: undefined,
  identityIds: undefined,
  registeredBy: undefined,
};

export const NOT_REMOVED: Absent<Exclude<keyof RegistryRemovedClient, keyof RegistryClient> | 'expiresAt'> = {
  removedAt: undefined,
  expiresAt: undefined,
};

/** The attributes of both kinds that a removed client has no longer, unless it was disabled. */
export const SHARED_PROFILE: Absent<Extract<keyof RegistryClient, keyof RegistryExternalClient>> = {
  clientName: undefined,
  spiffeId: undefined,
  state: undefined,
  updatedAt: undefined,
  updatedBy: undefined,
};

export const OFF_THE_AGENDA: Absent<keyof AgendaEntry> = { due: undefined, dueAt: undefined };

/** Every client is on the agenda, so that the index lists the clients. */
export const CLIENT_ENTRY: AgendaEntry = { due: 'CLIENT', dueAt: NEVER };

/** How the item of a client holds a kind of client. */
export interface ClientKind {
  /** The attribute with its resource. */
  readonly resource: 'declaredBy' | 'registeredBy';
  /** The attribute with its revision, which stays when the kind is removed. */
  readonly revision: keyof RegistryClientRevisions;
  /** All attributes of the kind. */
  readonly only: Absent<string>;
  /** What to write if a client of the other kind stays. */
  readonly other: Partial<AgendaEntry>;
}

export const ISSUED_CLIENT: ClientKind = {
  resource: 'declaredBy',
  revision: 'declaredRevision',
  only: ISSUED_CLIENT_ONLY,
  other: CLIENT_ENTRY,
};
export const EXTERNAL_CLIENT: ClientKind = {
  resource: 'registeredBy',
  revision: 'registeredRevision',
  only: EXTERNAL_CLIENT_ONLY,
  other: {},
};

export function otherThan(kind: ClientKind): ClientKind {
  return kind === ISSUED_CLIENT ? EXTERNAL_CLIENT : ISSUED_CLIENT;
}
