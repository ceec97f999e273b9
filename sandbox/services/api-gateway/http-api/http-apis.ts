import type { Answer } from '../../shared/function-answer';
import type { Surroundings } from '../../shared/service';
import type { Configuration } from '../configuration';
import { observed } from '../exchange/observed';
import { pathSegments } from '../exchange/path-pattern';
import { GatewayRefusal } from '../exchange/refusal';
import type { Arrival, ServedStage } from '../exchange/served-stage';
import { serviceOf, type Targets } from '../exchange/targets';
import { Throttles } from '../exchange/throttles';
import type { InvokedFunctions } from '../ports';
import type { ApiMapping } from '../state';
import { Authorizers } from './authorizer';
import type { HttpApiExchange } from './exchange';
import { callFunction } from './function-integration';
import { decodePath } from './request-path';
import { type RouteKey, selectRoute } from './route-selection';
import type { HttpApi, HttpIntegration, HttpStage, UrlIntegration } from './state';
import { callUrl } from './url-integration';

/** Serves the requests to HTTP APIs. */
export class HttpApis {
  private readonly authorizers: Authorizers;
  private readonly throttles: Throttles;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly configuration: Configuration,
    private readonly functions: InvokedFunctions,
    private readonly targets: Targets,
  ) {
    this.authorizers = new Authorizers(surroundings, functions);
    this.throttles = new Throttles(surroundings.clock);
  }

  /** What a mapping leads to. Undefined if the API is of another kind, or has no such stage. */
  find({ apiId, stageName }: ApiMapping): ServedStage<HttpApiExchange> | undefined {
    const api = this.configuration.apis.get(apiId);
    const stage = api?.stages.get(stageName);
    if (!api || !stage) return undefined;
    return {
      stage,
      begin: (arrival) => begin(arrival, api, stage),
      pass: (exchange) => this.pass(exchange, api, stage),
      refuse: (error) => answerOf(GatewayRefusal.from(error)),
      idHeaders: ({ requestId }) => ({ 'apigw-requestid': requestId }),
    };
  }

  private async pass(exchange: HttpApiExchange, api: HttpApi, stage: HttpStage): Promise<Answer> {
    const { request, mapping } = exchange;
    const segments = pathSegments(decodePath(request.encodedPath)).slice(mapping.key.length);
    // As https://github.com/CodeGenieApp/serverless-express/issues/465 observed. AWS doesn't document it.
    exchange.path = `/${segments.join('/')}`;
    const selected = selectRoute(api.routes.values(), request.method, segments);
    if (!selected) throw new GatewayRefusal(404);
    const { route } = selected;
    exchange.route = route;
    exchange.ownVariables['routeKey'] = route.key.text;
    exchange.pathParameters = selected.pathParameters;
    // A throttle that let requests through to the authorizer would not protect it.
    this.throttles.take(stage, route.key.text, stage.throttle);
    if (route.authorizerId !== undefined) {
      const authorizer = api.authorizers.get(route.authorizerId);
      if (!authorizer) throw new GatewayRefusal(500, `the route's authorizer ${route.authorizerId} is gone`);
      await this.authorizers.authorize(exchange, authorizer);
    }
    return this.integrate(exchange, api, route.integrationId, route.key);
  }

  private async integrate(
    exchange: HttpApiExchange,
    api: HttpApi,
    integrationId: string,
    key: RouteKey,
  ): Promise<Answer> {
    const integration = api.integrations.get(integrationId);
    if (!integration) throw new GatewayRefusal(500, `the route's integration ${integrationId} is gone`);
    const call = () =>
      integration.kind === 'function'
        ? callFunction(exchange, integration, this.functions, this.surroundings.account)
        : callUrl(exchange, this.targeted(integration, key));
    return observed(exchange, call);
  }

  /** The integration with the address that stands in for its backend. */
  private targeted(integration: HttpIntegration, { text, match }: RouteKey): UrlIntegration {
    const service = serviceOf(match?.segments);
    if (integration.kind === 'url')
      return { ...integration, origin: this.targets.originOf(service) ?? integration.origin };
    return { ...integration, kind: 'url', origin: this.targets.requireOrigin(service, text, integration.targetArn) };
  }
}

function begin(arrival: Arrival, api: HttpApi, stage: HttpStage): HttpApiExchange {
  return {
    ...arrival,
    requestId: arrival.extendedRequestId,
    api,
    stage,
    path: arrival.request.encodedPath,
    pathParameters: new Map(),
    authorizerContext: {},
    ownVariables: {},
  };
}

function answerOf(refusal: GatewayRefusal): Answer {
  return {
    status: refusal.status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(refusal.body),
  };
}
