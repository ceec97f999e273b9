import { randomUUID } from 'node:crypto';
import type { Answer } from '../../shared/function-answer';
import type { Surroundings } from '../../shared/service';
import type { Configuration } from '../configuration';
import { observed } from '../exchange/observed';
import { pathSegments } from '../exchange/path-pattern';
import type { Arrival, ServedStage } from '../exchange/served-stage';
import { serviceOf, type Targets } from '../exchange/targets';
import { Throttles } from '../exchange/throttles';
import type { InvokedFunctions } from '../ports';
import type { ApiMapping } from '../state';
import { RestAuthorizers } from './authorizer';
import type { RestExchange } from './exchange';
import { RestRefusal, renderRefusal } from './gateway-responses';
import { callFunction, callUrl } from './integrations';
import { readSegments } from './request-path';
import { methodSetting, selectResource } from './resource-selection';
import type { DeployedResource, Deployment, Method, RestApi, RestStage } from './state';

/** Serves the requests to REST APIs. */
export class RestApis {
  private readonly authorizers: RestAuthorizers;
  private readonly throttles: Throttles;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly configuration: Configuration,
    private readonly functions: InvokedFunctions,
    private readonly targets: Targets,
  ) {
    this.authorizers = new RestAuthorizers(surroundings, functions);
    this.throttles = new Throttles(surroundings.clock);
  }

  /** What a mapping leads to. Undefined if the API is of another kind, or has no such stage. */
  find({ apiId, stageName }: ApiMapping): ServedStage<RestExchange> | undefined {
    const api = this.configuration.restApis.get(apiId);
    const stage = api?.stages.get(stageName);
    const deployment = stage && api?.deployments.get(stage.deploymentId);
    if (!api || !stage || !deployment) return undefined;
    return {
      stage,
      begin: (arrival) => begin(arrival, api, stage, deployment),
      pass: (exchange) => this.pass(exchange, stage, deployment),
      refuse: (error, exchange) => renderRefusal(RestRefusal.from(error), exchange, deployment.gatewayResponses),
      idHeaders: ({ requestId, extendedRequestId }) => ({
        'x-amzn-requestid': requestId,
        'x-amz-apigw-id': extendedRequestId,
      }),
    };
  }

  private async pass(exchange: RestExchange, stage: RestStage, deployment: Deployment): Promise<Answer> {
    const { request, mapping } = exchange;
    const segments = readSegments(request.encodedPath).slice(mapping.key.length);
    const selected = selectResource(deployment.resources, request.method, segments);
    if (!selected) throw new RestRefusal('MISSING_AUTHENTICATION_TOKEN');
    const { resource, method } = selected;
    exchange.resource = resource;
    exchange.method = method;
    exchange.pathParameters = selected.pathParameters;
    Object.assign(exchange.ownVariables, { resourceId: resource.id, resourcePath: resource.path });
    // A throttle that let requests through to the authorizer would not protect it.
    const setting = methodSetting(stage, resource.path, [request.method, method.httpMethod]);
    this.throttles.take(stage, `${method.httpMethod} ${resource.path}`, setting?.throttle);
    if (method.authorizerId !== undefined) {
      const authorizer = deployment.authorizers.get(method.authorizerId);
      if (!authorizer) {
        const reason = `the method's authorizer ${method.authorizerId} is gone`;
        throw new RestRefusal('AUTHORIZER_CONFIGURATION_ERROR', { reason });
      }
      await this.authorizers.authorize(exchange, authorizer);
    }
    return observed(exchange, () => this.integrate(exchange, resource, method));
  }

  private async integrate(exchange: RestExchange, resource: DeployedResource, method: Method): Promise<Answer> {
    const { integration } = method;
    switch (integration.kind) {
      case 'mock':
        return integration.respond(exchange);
      case 'function':
        return callFunction(exchange, integration, this.functions, this.surroundings.account);
      case 'url': {
        const origin = this.targets.originOf(serviceOf(resource.segments)) ?? integration.origin;
        return callUrl(exchange, { ...integration, origin });
      }
    }
  }
}

function begin(arrival: Arrival, api: RestApi, stage: RestStage, deployment: Deployment): RestExchange {
  const { extendedRequestId, request, mapping } = arrival;
  return {
    ...arrival,
    requestId: randomUUID(),
    api,
    stage,
    deployment,
    path: `/${pathSegments(request.encodedPath).slice(mapping.key.length).join('/')}`,
    pathParameters: new Map(),
    authorizerContext: {},
    ownVariables: { extendedRequestId, deploymentId: deployment.id, path: request.encodedPath },
  };
}
