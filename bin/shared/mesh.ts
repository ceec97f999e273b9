import { setMaxListeners } from 'node:events';
import type { RevocationOrder, RevocationResult } from '../../mesh/contract';
import type { Registry } from '../../registry/registry';
import type { RegistrySurvey } from '../../registry/survey';

/** A deployed mesh, and what an operator's commands need of it. */
export interface OperatedMesh {
  readonly trustDomain: string;
  readonly registry: Pick<Registry, 'setClientState'>;
  readonly survey: Pick<RegistrySurvey, 'clients' | 'clientRecords' | 'find' | 'services'>;
  /**
   * Starts a rotation.
   * @returns the secret version that will become current. Undefined if an earlier rotation runs or starts again.
   */
  startRotation(secretId: string): Promise<string | undefined>;
  /** Has the mesh revoke certificates. */
  revoke(order: RevocationOrder): Promise<RevocationResult>;
  /** The operator, as the registry records them. */
  operator(): Promise<string>;
  now(): Date;
}

/** The operation is not possible. The message says why and what to do instead. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}

/** The commands need no deadline: every call has one, and an operator can interrupt a command. */
export const NEVER_ABORTED = new AbortController().signal;
// Any number of calls may be under way with it.
setMaxListeners(0, NEVER_ABORTED);
