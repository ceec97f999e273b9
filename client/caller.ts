import { IncomingMessage } from 'node:http';
import type { AuthorizedCaller, CallerIdentity } from '../mesh/contract';
import { clientSpiffeIdProblem } from '../mesh/names';
import { UnknownCallerError } from './errors';

/** The part of an event of API Gateway (payload format 2.0) that identifies the caller. */
export interface GatewayEvent {
  readonly requestContext: object;
}

/** The clients at the other ends of connections to a `meshServer`. */
export const callers = new WeakMap<object, CallerIdentity>();

const FIELDS = [
  'clientName',
  'spiffeId',
  'serialNumber',
  'fingerprint',
  'grant',
] as const satisfies (keyof AuthorizedCaller)[];

/**
 * The client that sent a request to a `meshServer`, or to a Lambda function behind the gateway. It is read from the client's
 * certificate, or from what the gateway's authorizer has found out, and never from headers. Behind the gateway, `grant` is the
 * grant that let the request in.
 *
 * Whoever may invoke the function without the gateway can make up events. Give nobody else the right to invoke it.
 *
 * ```ts
 * import type { APIGatewayProxyEventV2 } from 'aws-lambda';
 * import { callerOf } from 'cdk-mtls-service-mesh/client';
 *
 * const handler = async (event: APIGatewayProxyEventV2) => ({ createdBy: callerOf(event).clientName });
 * ```
 *
 * @throws UnknownCallerError when the event was not authorized by the gateway's authorizer, or the request is to another server
 */
export function callerOf(event: GatewayEvent): AuthorizedCaller;
export function callerOf(request: IncomingMessage): CallerIdentity;
export function callerOf(event: GatewayEvent | IncomingMessage): CallerIdentity {
  if (event instanceof IncomingMessage) {
    const caller = callers.get(event.socket);
    if (caller === undefined) throw new UnknownCallerError('the request was not admitted by a meshServer');
    return caller;
  }
  const context = own(own(own(event, 'requestContext'), 'authorizer'), 'lambda');
  const caller = Object.fromEntries(FIELDS.map((field) => [field, text(context, field)])) as Readonly<
    Record<(typeof FIELDS)[number], string>
  >;
  if (clientSpiffeIdProblem(caller.spiffeId) !== undefined) throw unknown('spiffeId');
  return caller;
}

function text(context: unknown, field: string): string {
  const value = own(context, field);
  if (typeof value !== 'string' || value === '') throw unknown(field);
  return value;
}

/** Not what the prototype has. */
function own(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function unknown(field: string): UnknownCallerError {
  return new UnknownCallerError(
    `the event does not identify its caller: requestContext.authorizer.lambda.${field} is missing or invalid; ` +
      "only requests through the gateway, with the mesh's authorizer, have it",
  );
}
