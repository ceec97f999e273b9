/** What the server tells the page. All times are ISO 8601, UTC. */
import type { DenialReason } from '../../mesh/contract';
import type { CertificateRefusal } from '../../registry/status';
import type { Drawing } from '../graph/drawing';

/** The answer of `GET api/state`. */
export interface ConsoleState {
  readonly trustDomain: string;
  /** The time of the console's clock. */
  readonly at: string;
  /** Who acts, as the registry records it. */
  readonly operator: Part<string>;
  readonly registry: Part<RegistryView>;
  readonly traffic: Part<TrafficView>;
}

/** A part of the state, which is read independently of the others. */
export interface Part<T> {
  /** As it was read last. Absent before the first success. */
  readonly value?: T | undefined;
  readonly readAt?: string | undefined;
  /** Why the last attempt failed. Absent after a success. */
  readonly failure?: string | undefined;
}

/** Clients, services, and grants. */
export interface RegistryView {
  /** In alphabetical order. */
  readonly clients: readonly ClientView[];
  readonly drawing: Drawing;
}

export interface ClientView {
  readonly clientName: string;
  /** The ID of its node in the drawing. */
  readonly nodeId: string;
  readonly spiffeId: string;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly updatedAt: string;
  readonly updatedBy: string;
  /** What the mesh can do with the client's certificates. `request` means that the client keeps its own key. */
  readonly issuance: 'rotation' | 'request' | 'trust anchor';
  /** Of a client with certificates of a trust anchor. */
  readonly trustAnchor?: TrustAnchorView | undefined;
  readonly current?: CurrentCertificateView | undefined;
  readonly lastRotation?: string | undefined;
  /** The rotation that failed since the current certificate became so. */
  readonly rotationFailure?: { readonly failedAt: string; readonly reason: string } | undefined;
}

export interface TrustAnchorView {
  readonly name: string;
  readonly identityKind: string;
  readonly identityValue: string;
  /** When the first of its authorities expires. */
  readonly notAfter: string;
}

export interface CurrentCertificateView {
  readonly serialNumber: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** The first time at which it should have been replaced. */
  readonly expiringFrom: string;
  /** When the first authority of its chain expires. */
  readonly authoritiesNotAfter: string;
  readonly status: 'ISSUED' | CertificateRefusal;
}

/** Requests and decisions of the last minutes. */
export interface TrafficView {
  /** The beginning of the time that the numbers are about. */
  readonly since: string;
  /** Requests by minute, the earliest first. */
  readonly minutes: readonly { readonly allowed: number; readonly refused: number }[];
  readonly calls: readonly CallCount[];
  /** Denials of the authorizer by reason, the most frequent first. */
  readonly refusals: readonly RefusalCount[];
  /** Requests that the gateway answered before a client was identified, without the denials, by status. */
  readonly unidentified: readonly { readonly status: number; readonly count: number }[];
  /** The latest first. */
  readonly decisions: readonly Decision[];
  /** What the numbers don't contain, as sentences. */
  readonly gaps: readonly string[];
}

/** The requests of a client to a service. */
export interface CallCount {
  /** The IDs of nodes of the drawing: of the client, and of the service. */
  readonly from: string;
  readonly to: string;
  /** How many the authorizer has let in. */
  readonly allowed: number;
  /** How many of those were answered with a status of 500 or more. */
  readonly failed: number;
  /** How many it has refused for want of a grant. Other refusals have no path in the log. */
  readonly refused: number;
  readonly lastAt: string;
}

export interface RefusalCount {
  readonly code: DenialReason | 'REGISTRY_UNAVAILABLE';
  readonly count: number;
  readonly lastAt: string;
  /** Who was refused, the most frequent first: names of clients, or subjects of certificates. */
  readonly callers: readonly { readonly caller: string; readonly count: number }[];
}

/** A decision of the authorizer about a request. */
export interface Decision {
  /** The same whenever it is read. */
  readonly id: string;
  readonly at: string;
  readonly isAllowed: boolean;
  /** The name of the client. Absent if the log doesn't name one. */
  readonly clientName?: string | undefined;
  /** As the certificate has it. Anybody whom the gateway trusts can choose it. */
  readonly subject?: string | undefined;
  readonly serialNumber?: string | undefined;
  /** Method and path. Absent for a refused request, unless it was refused for want of a grant. */
  readonly request?: string | undefined;
  /** The status of the answer of an allowed request. */
  readonly status?: number | undefined;
  /** The code of a refusal. */
  readonly code?: RefusalCount['code'] | undefined;
  /** A sentence. */
  readonly why: string;
}

/** The answer of `POST api/clients/<name>/<verb>`. */
export interface ActionResult {
  /** What was done, a sentence in each line. */
  readonly done: readonly string[];
  /** The steps that failed or have not finished. */
  readonly failures: readonly string[];
}

/** The body of `POST api/clients/<name>/revoke`. */
export interface RevocationRequest {
  readonly reason: string;
  readonly certificates: 'all' | { readonly serialNumber: string; readonly issuer: string };
  /** Whether to issue another certificate afterwards. */
  readonly rotate: boolean;
}

/** A certificate in the answer of `GET api/clients/<name>`, which is what `show --json` prints. */
export interface CertificateView {
  readonly serialNumber: string;
  readonly issuer: string;
  readonly fingerprint: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly refuseAfter?: string;
  readonly issuedAt: string;
  readonly issuedBy: string;
  readonly requestedBy?: string;
  readonly secretVersionId?: string;
  readonly revokedAt?: string;
  readonly revokedBy?: string;
  readonly revocationReason?: string;
  readonly status: 'ISSUED' | CertificateRefusal;
  readonly current: boolean;
}
