import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { type AwsAnswer, AwsError } from './api';
import { hopByHopHeaders } from './hop-by-hop';
import { rejection } from './rejection';
import type { SignedRequest } from './signature';

/** Answers calls of the services that the sandbox doesn't have. */
export interface UnknownService {
  /** Such as `SendMessage`. For services that are called by method and path, both. */
  operationOf(request: SignedRequest): string;
  /** Never rejects. */
  answer(service: string, request: SignedRequest): Promise<AwsAnswer>;
}

/** @param fallback the URL of another emulator, which answers instead. Without it, calls fail by name. */
export function unknownService(fallback: URL | undefined): UnknownService {
  return {
    operationOf,
    async answer(service, request) {
      const call = `${service}:${operationOf(request)}`;
      if (fallback === undefined) {
        return rejection(new AwsError('UnknownService', `the sandbox does not support ${call}`), request);
      }
      try {
        return await forward(fallback, request);
      } catch (error) {
        // SDKs repeat a call after a server error, but an emulator that isn't there won't answer later.
        const reason = `the emulator at ${fallback.origin} does not answer ${call}: ${reasonOf(error)}`;
        return rejection(new AwsError('FallbackUnreachable', reason), request);
      }
    },
  };
}

/** In AWS JSON, in Smithy RPC v2 CBOR, in AWS Query, or by method and path. */
function operationOf({ method, path, headers, body }: SignedRequest): string {
  const target = headers['x-amz-target'];
  if (target !== undefined) return target.slice(target.lastIndexOf('.') + 1);
  const [, ofCbor] = /^\/service\/\w+\/operation\/(\w+)$/.exec(path) ?? [];
  if (ofCbor !== undefined) return ofCbor;
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  const action = isForm ? new URLSearchParams(body.toString('utf8')).get('Action') : null;
  return action ?? `${method} ${path}`;
}

/** Passes on the request and its answer. The signature stays, because emulators read the service and Region in it. */
async function forward(origin: URL, { method, path, query, headers, body }: SignedRequest): Promise<AwsAnswer> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      method,
      path: query === '' ? path : `${path}?${query}`,
      headers: { ...endToEnd(headers), host: origin.host, 'content-length': String(body.length) },
      agent: false as const,
    };
    const outgoing = origin.protocol === 'https:' ? httpsRequest(origin, options) : httpRequest(origin, options);
    outgoing.on('response', resolve).on('error', reject).end(body);
  });
  const answered = await buffer(message);
  return { status: message.statusCode ?? 502, headers: endToEnd(message.headersDistinct), body: answered };
}

/** Without the headers of one connection, and without the length, which the sender counts again. */
function endToEnd<T>(headers: Readonly<Record<string, T | undefined>>): Record<string, T> {
  const connection = headers['connection'];
  const dropped = [...hopByHopHeaders([connection].flat().join(',')), 'content-length', 'expect', 'host'];
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && !dropped.includes(name));
  return Object.fromEntries(kept) as Record<string, T>;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
