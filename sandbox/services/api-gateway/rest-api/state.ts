import type { Answer } from '../../shared/function-answer';
import type { Segment } from '../exchange/path-pattern';
import type { Stage, Throttle } from '../state';
import type { EndpointType } from './endpoint-types';
import type { RestExchange } from './exchange';
import type { GatewayResponse } from './gateway-responses';
import type { RequestMapping } from './parameter-mapping';
import type { RestSelection } from './selection';

/** A REST API as it is configured. Callers get what a stage has deployed. */
export interface RestApi {
  readonly id: string;
  readonly createdDate: Date;
  readonly rootResourceId: string;
  settings: RestApiSettings;
  /** By ID, with the root. */
  readonly resources: Map<string, RestResource>;
  readonly methods: Map<string, Method>;
  readonly authorizers: Map<string, Authorizer>;
  /** By ID. */
  readonly gatewayResponses: Map<string, GatewayResponse>;
  readonly deployments: Map<string, Deployment>;
  /** By name. */
  readonly stages: Map<string, RestStage>;
}

export interface RestApiSettings {
  readonly name: string;
  readonly description?: string | undefined;
  /** Whether it is disabled in the template. The sandbox has no `execute-api` endpoint. */
  readonly isEndpointDisabled: boolean;
  readonly endpointType: EndpointType;
  /** Content types whose bodies are binary, such as `image/png`. A `*` stands for any text. */
  readonly binaryMediaTypes: readonly string[];
}

export interface RestResource {
  readonly id: string;
  /** Absent for the root. */
  readonly parentId?: string;
  /** Such as `items`, `{id}`, or `{proxy+}`. Empty for the root. */
  readonly pathPart: string;
}

export interface Method {
  readonly resourceId: string;
  /** `ANY` stands for all that the resource has no method of its own for. */
  readonly httpMethod: string;
  /** Absent if the method requires no authorization beyond the handshake. */
  readonly authorizerId?: string | undefined;
  readonly integration: Integration;
}

export type Integration = FunctionIntegration | UrlIntegration | MockIntegration;

export interface FunctionIntegration {
  readonly kind: 'function';
  readonly functionArn: string;
  /** How the gateway calls Lambda. Lambda takes `POST` only. */
  readonly httpMethod: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly mapping: RequestMapping;
}

export interface UrlIntegration {
  readonly kind: 'url';
  /** `ANY` uses the method of the request. */
  readonly httpMethod: string;
  /** Without path. */
  readonly origin: URL;
  /** Path and query, with path variables as `{name}`. */
  readonly pathTemplate: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly mapping: RequestMapping;
}

export interface MockIntegration {
  readonly kind: 'mock';
  readonly respond: (exchange: RestExchange) => Answer;
}

export interface Authorizer {
  readonly id: string;
  readonly name: string;
  readonly type: 'TOKEN' | 'REQUEST';
  readonly authorizerUri: string;
  readonly functionArn: string;
  /** As in the template. */
  readonly identitySource: string;
  /** A request without all of them is rejected without a call. Empty if the function is always called. */
  readonly identitySources: readonly RestSelection[];
  /** What the token must match, so that the function is called. */
  readonly validationExpression?: RegExp | undefined;
  /** In seconds. 0 disables caching. */
  readonly resultTtl: number;
}

/** The API as it was when it was deployed. Later changes need another deployment to be in effect. */
export interface Deployment {
  readonly id: string;
  readonly createdDate: Date;
  readonly description?: string | undefined;
  /** Those with methods. */
  readonly resources: readonly DeployedResource[];
  /** By ID. */
  readonly authorizers: ReadonlyMap<string, Authorizer>;
  readonly gatewayResponses: readonly GatewayResponse[];
  readonly binaryMediaTypes: readonly string[];
}

export interface DeployedResource {
  readonly id: string;
  /** Such as `/items/{id}`. */
  readonly path: string;
  readonly segments: readonly Segment[];
  /** By HTTP method. */
  readonly methods: ReadonlyMap<string, Method>;
}

export interface RestStage extends Stage {
  readonly deploymentId: string;
  readonly description?: string | undefined;
  readonly methodSettings: readonly MethodSetting[];
}

/** The settings of a method, or of all methods of a resource or of the stage. */
export interface MethodSetting {
  /** `/*` stands for all. */
  readonly resourcePath: string;
  /** `*` stands for all. */
  readonly httpMethod: string;
  /** Absent if only the limits of the account apply, which the sandbox doesn't enforce. */
  readonly throttle?: Throttle | undefined;
}
