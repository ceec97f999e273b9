import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { hopByHopHeaders } from '../../../endpoint/hop-by-hop';
import type { Answer } from '../../shared/function-answer';
import { GatewayRefusal } from './refusal';
import { TimeLimitExceeded, within } from './time-limit';

/** A request to the server of an integration. */
interface ForwardedRequest {
  readonly origin: URL;
  readonly method: string;
  /** Path and query, encoded. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
  /** Milliseconds. */
  readonly timeout: number;
}

/** @throws GatewayRefusal 504 after the timeout, 503 if there is no response for another reason */
export async function forward(request: ForwardedRequest): Promise<Answer> {
  const cancellation = new AbortController();
  try {
    return await within(request.timeout, send(request, cancellation.signal));
  } catch (cause) {
    cancellation.abort();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayRefusal(cause instanceof TimeLimitExceeded ? 504 : 503, reason, { cause });
  }
}

async function send({ origin, method, target, headers, body }: ForwardedRequest, signal: AbortSignal): Promise<Answer> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method, path: target, headers: writable(headers), agent: false, signal };
    const outgoing = origin.protocol === 'https:' ? httpsRequest(origin, options) : httpRequest(origin, options);
    outgoing.on('response', resolve).on('error', reject).end(body);
  });
  return { status: message.statusCode ?? 0, headers: answerHeaders(message), body: await buffer(message) };
}

function writable(headers: ForwardedRequest['headers']): Record<string, string | string[]> {
  const entries = Object.entries(headers);
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]));
}

function answerHeaders(message: IncomingMessage): Record<string, readonly string[]> {
  const dropped = new Set([...hopByHopHeaders(message.headers.connection), 'content-length']);
  const kept = Object.entries(message.headersDistinct).filter(([name]) => !dropped.has(name));
  return Object.fromEntries(kept.map(([name, values = []]) => [name, values]));
}
