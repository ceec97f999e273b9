import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Answer } from '../../shared/function-answer';
import type { Surroundings } from '../../shared/service';
import type { Configuration } from '../configuration';
import { selectMapping } from '../domains/mapping-selection';
import type { Logs } from '../ports';
import type { ApiMapping } from '../state';
import { describeClientCertificate } from '../tls/client-certificate';
import type { SecureConnection } from '../tls/tls-listener';
import { accessLogLine } from './access-log';
import { type Exchange, newRequestId } from './exchange';
import { decodeOnce } from './path-coding';
import { pathSegments } from './path-pattern';
import { GatewayRefusal } from './refusal';
import { type Connection, type RequestHead, readBody, readHead } from './request';
import type { ServedStage } from './served-stage';

/** The stage and mapping of a request. */
interface Destination {
  readonly served: ServedStage;
  readonly mapping: ApiMapping;
}

/** Serves the requests of established connections. */
export class Gateway {
  private readonly connections = new WeakMap<Socket, Connection>();
  private readonly server: Server;

  /** @param find finds what a mapping leads to; undefined if the API or its stage is gone */
  constructor(
    private readonly surroundings: Surroundings,
    private readonly configuration: Configuration,
    private readonly logs: Logs,
    private readonly find: (mapping: ApiMapping) => ServedStage | undefined,
  ) {
    this.server = createServer((message, response) => void this.serve(message, response));
    // By default, Node.js drops the headers after the first thousand. Only the size of all limits them.
    this.server.maxHeadersCount = 0;
  }

  /** Serves HTTP on the connection until it ends. Reads the client certificate once for all requests. */
  take({ domainName, socket, clientCertificate }: SecureConnection): void {
    this.connections.set(socket, {
      domainName,
      sourceIp: socket.remoteAddress ?? '',
      port: socket.localPort ?? 0,
      clientCertificate: clientCertificate && describeClientCertificate(clientCertificate),
    });
    this.server.emit('connection', socket);
  }

  private async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const connection = this.connections.get(message.socket);
    if (!connection) throw new TypeError('a request came over a connection that was never taken');
    const answer = await this.answer(message, connection);
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
    response.writeHead(answer.status).end(answer.body);
  }

  private async answer(message: IncomingMessage, connection: Connection): Promise<Answer> {
    const startedAt = this.surroundings.clock.now();
    const extendedRequestId = newRequestId();
    let head: RequestHead;
    let destination: Destination;
    let body: Buffer | undefined;
    try {
      head = readHead(message, connection, startedAt);
      destination = this.destinationOf(head);
      body = await readBody(message);
    } catch (error) {
      return refusalWithoutApi(GatewayRefusal.from(error), extendedRequestId);
    }
    const { served, mapping } = destination;
    const accountId = this.surroundings.account.id;
    const request = { ...head, body: body ?? Buffer.alloc(0) };
    const exchange = served.begin({ extendedRequestId, startedAt, accountId, request, mapping });
    return this.pass(served, exchange, body !== undefined);
  }

  private async pass(served: ServedStage, exchange: Exchange, isComplete: boolean): Promise<Answer> {
    const before = performance.now();
    let answer: Answer;
    try {
      if (!isComplete) throw new GatewayRefusal(413);
      answer = await served.pass(exchange);
    } catch (error) {
      exchange.error = error instanceof Error ? error.message : String(error);
      answer = served.refuse(error, exchange);
    }
    exchange.status = answer.status;
    exchange.responseLength = answer.body.length;
    exchange.responseLatency = Math.round(performance.now() - before);
    const { accessLog } = served.stage;
    if (accessLog) this.logs.append(accessLog.logGroup, accessLogLine(accessLog.format, exchange));
    return { ...answer, headers: { ...answer.headers, ...served.idHeaders(exchange) } };
  }

  /**
   * AWS documents no status for a path without an API. The sandbox answers 403. AWS doesn't document either whether a
   * percent-encoded slash separates the segments of a mapping's key. In the sandbox it doesn't.
   */
  private destinationOf({ connection, encodedPath }: RequestHead): Destination {
    const { mappings } = this.configuration.domain(connection.domainName);
    const mapping = selectMapping(mappings.values(), pathSegments(encodedPath).map(decodeOnce));
    const served = mapping && this.find(mapping);
    if (!mapping || !served) throw new GatewayRefusal(403, 'no API is mapped to the path');
    return { served, mapping };
  }
}

function refusalWithoutApi(refusal: GatewayRefusal, requestId: string): Answer {
  return {
    status: refusal.status,
    headers: { 'content-type': 'application/json', 'apigw-requestid': requestId },
    body: Buffer.from(refusal.body),
  };
}
