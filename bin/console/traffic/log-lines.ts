/** What the logs of a mesh say about requests. */
import type { LoggedEvent } from '../../../aws/cloudwatch-logs';
import { asText, type JsonObject, parseJsonObject } from '../../../aws/json-caller';
import { DENIAL_REASONS, type DenialReason } from '../../../mesh/contract';
import { type MissingGrant, parseMissingGrant } from '../../../mesh/missing-grant';

/** A line of the access log. */
export interface LoggedRequest {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Absent unless the authorizer has let the request in. */
  readonly clientName?: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** A line of the authorizer's log about a request that it did not let in. */
export interface LoggedRefusal {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly code: DenialReason | 'REGISTRY_UNAVAILABLE';
  readonly reason: string;
  /** The request, if no grant lets it in. */
  readonly missingGrant?: MissingGrant | undefined;
  /** A SPIFFE ID of the mesh, or the subject of a certificate. */
  readonly subject?: string | undefined;
  readonly serialNumber?: string | undefined;
}

/** The fields of the access log that the console believes. */
const REQUEST_FIELDS = ['clientName', 'method', 'path', 'status'] as const;

/** API Gateway writes a hyphen for a variable without a value. */
const NO_VALUE = '-';

/**
 * Undefined for a line that is not of the access log's format, or that could be read in two ways: callers choose paths and subjects,
 * and AWS doesn't document how API Gateway writes quotes in them.
 */
export function parseRequest({ id, timestamp, message }: LoggedEvent): LoggedRequest | undefined {
  const document = parseJsonObject(message);
  if (document === undefined || REQUEST_FIELDS.some((field) => message.split(`"${field}":`).length !== 2)) {
    return undefined;
  }
  const { clientName, method, path, status } = document;
  if (typeof method !== 'string' || typeof path !== 'string' || !/^\d{3}$/.test(String(status))) return undefined;
  return {
    id,
    time: timestamp,
    method,
    path,
    status: Number(status),
    ...(typeof clientName === 'string' && clientName !== NO_VALUE && { clientName }),
  };
}

/** The filter pattern of lines that `parseRefusal` reads. */
export const REFUSAL_PATTERN = '?denied ?"registry-unavailable"';

/** Undefined for another line. */
export function parseRefusal({ id, timestamp, message }: LoggedEvent): LoggedRefusal | undefined {
  // Lambda writes the time, the request ID and the level before it.
  const document = parseJsonObject(message.slice(message.indexOf('{')));
  const code = document && codeOf(document);
  if (document === undefined || code === undefined) return undefined;
  const reason = asText(document['reason']) ?? '';
  return {
    id,
    time: timestamp,
    code,
    reason,
    ...(code === 'NOT_GRANTED' && { missingGrant: parseMissingGrant(reason) }),
    subject: asText(document['subject']),
    serialNumber: asText(document['serialNumber']),
  };
}

function codeOf({ event, code, isAccepted }: JsonObject): LoggedRefusal['code'] | undefined {
  // With `isAccepted`, the authorizer lets the request in by what it remembers of the registry.
  if (event === 'registry-unavailable') return isAccepted === true ? undefined : 'REGISTRY_UNAVAILABLE';
  return event === 'denied' ? DENIAL_REASONS.find((reason) => reason === code) : undefined;
}
