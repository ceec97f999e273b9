import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Answer } from '../../shared/function-answer';
import type { Surroundings } from '../../shared/service';
import type { InvokedFunctions, Logs } from '../ports';
import type { AccessLogSettings, ApiMapping, Configuration, HttpApi, Stage } from '../state';
import { describeClientCertificate } from '../tls/client-certificate';
import type { SecureConnection } from '../tls/tls-listener';
import { accessLogLine } from './access-log';
import { Authorizers } from './authorizer';
import { type Exchange, newRequestId } from './exchange';
import { callFunction } from './function-integration';
import { selectMapping } from './mapping-selection';
import { GatewayRefusal } from './refusal';
import { type ClientRequest, type Connection, readRequest } from './request';
import { pathSegments, type RouteKey, selectRoute } from './route-selection';
import type { Targets } from './targets';
import { Throttles } from './throttles';
import { callUrl } from './url-integration';

/** The API, stage, and mapping of a request. */
interface Destination {
  readonly api: HttpApi;
  readonly stage: Stage;
  readonly mapping: ApiMapping;
}

/** Serves the requests of established connections. */
export class Gateway {
  private readonly connections = new WeakMap<Socket, Connection>();
  private readonly authorizers: Authorizers;
  private readonly throttles: Throttles;
  private readonly server: Server;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly configuration: Configuration,
    private readonly functions: InvokedFunctions,
    private readonly logs: Logs,
    private readonly targets: Targets,
  ) {
    this.authorizers = new Authorizers(surroundings, functions);
    this.throttles = new Throttles(surroundings.clock);
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
    const requestId = newRequestId();
    const answer = await this.answer(requestId, message, connection);
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
    response.setHeader('apigw-requestid', requestId);
    response.writeHead(answer.status).end(answer.body);
  }

  private async answer(requestId: string, message: IncomingMessage, connection: Connection): Promise<Answer> {
    const startedAt = this.surroundings.clock.now();
    const before = performance.now();
    let exchange: Exchange | undefined;
    let accessLog: AccessLogSettings | undefined;
    let answer: Answer;
    try {
      const request = await readRequest(message, connection, startedAt);
      const destination = this.destinationOf(request);
      exchange = this.begin(requestId, startedAt, request, destination);
      accessLog = destination.stage.accessLog;
      answer = await this.pass(exchange, destination);
    } catch (error) {
      const refusal =
        error instanceof GatewayRefusal ? error : new GatewayRefusal(500, String(error), { cause: error });
      if (exchange) exchange.error = refusal.message;
      answer = answerOf(refusal);
    }
    if (exchange) {
      exchange.status = answer.status;
      exchange.responseLength = answer.body.length;
      exchange.responseLatency = Math.round(performance.now() - before);
      if (accessLog) this.logs.append(accessLog.logGroup, accessLogLine(accessLog.format, exchange));
    }
    return answer;
  }

  /** AWS documents no status for a path without an API. The sandbox answers 403. */
  private destinationOf(request: ClientRequest): Destination {
    const { mappings } = this.configuration.domain(request.connection.domainName);
    const mapping = selectMapping(mappings.values(), request.path);
    const api = mapping && this.configuration.apis.get(mapping.apiId);
    const stage = api?.stages.get(mapping?.stageName ?? '');
    if (!mapping || !api || !stage) throw new GatewayRefusal(403, 'no API is mapped to the path');
    return { api, stage, mapping };
  }

  private begin(
    requestId: string,
    startedAt: Date,
    request: ClientRequest,
    { api, stage, mapping }: Destination,
  ): Exchange {
    return {
      requestId,
      startedAt,
      accountId: this.surroundings.account.id,
      request,
      api,
      stage,
      mapping,
      path: `/${pathSegments(request.path).slice(mapping.key.length).join('/')}`,
      pathParameters: new Map(),
      authorizerContext: {},
    };
  }

  private async pass(exchange: Exchange, { api, stage }: Destination): Promise<Answer> {
    const { request, path } = exchange;
    const selected = selectRoute(api.routes.values(), request.method, pathSegments(path));
    if (!selected) throw new GatewayRefusal(404);
    exchange.route = selected.route;
    exchange.pathParameters = selected.pathParameters;
    // A throttle that let requests through to the authorizer would not protect it.
    this.throttles.take(stage, selected.route.key.text);
    const { authorizerId, integrationId } = selected.route;
    if (authorizerId !== undefined) {
      const authorizer = api.authorizers.get(authorizerId);
      if (!authorizer) throw new GatewayRefusal(500, `the route's authorizer ${authorizerId} is gone`);
      await this.authorizers.authorize(exchange, authorizer);
    }
    return this.integrate(exchange, api, integrationId, selected.route.key);
  }

  private async integrate(exchange: Exchange, api: HttpApi, integrationId: string, key: RouteKey): Promise<Answer> {
    const integration = api.integrations.get(integrationId);
    if (!integration) throw new GatewayRefusal(500, `the route's integration ${integrationId} is gone`);
    const before = performance.now();
    try {
      const answer =
        integration.kind === 'function'
          ? await callFunction(exchange, integration, this.functions, this.surroundings.account)
          : await callUrl(exchange, this.targets.applyTo(integration, key));
      exchange.integrationStatus = answer.status;
      return answer;
    } catch (error) {
      exchange.integrationError = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      exchange.integrationLatency = Math.round(performance.now() - before);
    }
  }
}

function answerOf(refusal: GatewayRefusal): Answer {
  return {
    status: refusal.status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(refusal.body),
  };
}
