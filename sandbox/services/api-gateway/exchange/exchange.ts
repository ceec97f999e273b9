import { randomBytes } from 'node:crypto';
import type { ClientRequest } from './request';
import type { RouteKey } from './route-selection';

/** A request on its way through an API, and what is known of it so far. */
export interface Exchange {
  readonly requestId: string;
  readonly startedAt: Date;
  readonly accountId: string;
  readonly request: ClientRequest;
  readonly api: { readonly id: string };
  readonly stage: { readonly name: string; readonly variables: ReadonlyMap<string, string> };
  /** The segments of the API mapping's key. */
  readonly mapping: { readonly key: readonly string[] };
  /** The decoded path below the API mapping's key. At least `/`. */
  readonly path: string;
  route?: { readonly key: RouteKey; readonly authorizerId?: string | undefined };
  /** Decoded, by variable name. */
  pathParameters: ReadonlyMap<string, string>;
  /** What the authorizer returned about the caller. */
  authorizerContext: Readonly<Record<string, unknown>>;
  authorizerError?: string;
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

/** A request ID in the form of API Gateway: 16 characters of base64. */
export function newRequestId(): string {
  return randomBytes(11).toString('base64');
}
