import type { Registry } from '../../registry/registry';
import type { Revocation } from '../../registry/revocation';

/** A deployed mesh, as an operator works on it. */
export interface OperatedMesh {
  readonly trustDomain: string;
  readonly registry: Pick<Registry, 'records' | 'clientRecords' | 'setClientState'>;
  /** Starts a rotation. @returns the secret version that will become current */
  startRotation(secretId: string): Promise<string>;
  readonly revocation: Pick<Revocation, 'mark' | 'audit' | 'tellAuthority'>;
  /** The operator, as the registry records it. */
  operator(): Promise<string>;
  now(): Date;
}

/** The operation can't be done. The message says why and what there is instead. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}

/** Operators interrupt a command themselves, and every call has a time limit. */
export const NEVER_ABORTED = new AbortController().signal;
