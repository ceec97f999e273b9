import { randomBytes } from 'node:crypto';
import type { ApiMapping, HttpApi, Route, Stage } from './configuration';
import type { ClientRequest } from './request';

/** One request on its way through an API, and what has become of it so far. */
export interface Exchange {
  readonly requestId: string;
  readonly startedAt: Date;
  readonly accountId: string;
  readonly request: ClientRequest;
  readonly api: HttpApi;
  readonly stage: Stage;
  readonly mapping: ApiMapping;
  /** The decoded path below the API mapping's key; at least `/`. */
  readonly path: string;
  route?: Route;
  /** Decoded, by variable name. */
  pathParameters: ReadonlyMap<string, string>;
  /** What the authorizer said of the caller. */
  authorizerContext: Readonly<Record<string, unknown>>;
  authorizerError?: string;
  integrationStatus?: number;
  /** Milliseconds. */
  integrationLatency?: number;
  integrationError?: string;
  /** API Gateway's own reason for an answer that no integration gave. */
  error?: string;
  status?: number;
  /** Bytes. */
  responseLength?: number;
  /** Milliseconds. */
  responseLatency?: number;
}

/** In the form of API Gateway's own: 16 characters of base64. */
export function newRequestId(): string {
  return randomBytes(11).toString('base64');
}
