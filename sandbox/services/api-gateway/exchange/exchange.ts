import { randomBytes } from 'node:crypto';
import type { Stage } from '../state';
import type { ClientRequest } from './request';

/** A request on its way through an API of either kind, and what is known of it so far. */
export interface Exchange {
  readonly requestId: string;
  readonly startedAt: Date;
  readonly accountId: string;
  readonly request: ClientRequest;
  readonly api: { readonly id: string };
  readonly stage: Pick<Stage, 'name' | 'variables'>;
  /** The segments of the API mapping's key. */
  readonly mapping: { readonly key: readonly string[] };
  /** The path below the API mapping's key, at least `/`. REST APIs keep it as it was sent, HTTP APIs decode it. */
  path: string;
  /** Decoded, by variable name. */
  pathParameters: ReadonlyMap<string, string>;
  /** What the authorizer returned about the caller. */
  authorizerContext: Readonly<Record<string, unknown>>;
  authorizerError?: string;
  /** The `$context` variables that only this kind of API has, without the prefix. They come before the common ones. */
  readonly ownVariables: Record<string, string | number | undefined>;
  integrationStatus?: number;
  /** Milliseconds. */
  integrationLatency?: number;
  integrationError?: string;
  /** The reason for a response that API Gateway itself generated. */
  error?: string;
  status?: number;
  /** Bytes. */
  responseLength?: number;
  /** Milliseconds. */
  responseLatency?: number;
}

/** An ID in the form of API Gateway: 16 characters of base64. */
export function newRequestId(): string {
  return randomBytes(11).toString('base64');
}
