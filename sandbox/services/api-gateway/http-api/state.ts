import type { Stage, Throttle } from '../state';
import type { ParameterMapping } from './parameter-mapping';
import type { RouteKey } from './route-selection';
import type { Selection } from './selection';

export interface HttpApi {
  readonly id: string;
  name: string;
  readonly createdDate: Date;
  /** Whether it is disabled in the template. The sandbox has no `execute-api` endpoint. */
  isEndpointDisabled: boolean;
  /** By name. */
  readonly stages: Map<string, HttpStage>;
  readonly routes: Map<string, Route>;
  readonly integrations: Map<string, Integration>;
  readonly authorizers: Map<string, RouteAuthorizer>;
}

export interface HttpStage extends Stage {
  /** Absent if only the limits of the account apply, which the sandbox doesn't enforce. */
  readonly throttle?: Throttle | undefined;
}

export interface Route {
  readonly key: RouteKey;
  /** Absent if the route requires no authorization beyond the handshake. */
  readonly authorizerId?: string | undefined;
  readonly integrationId: string;
}

export type Integration = FunctionIntegration | HttpIntegration;

export type HttpIntegration = UrlIntegration | PrivateIntegration;

export interface FunctionIntegration {
  readonly kind: 'function';
  readonly functionArn: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly mapping: ParameterMapping;
}

export interface UrlIntegration {
  readonly kind: 'url';
  /** `ANY` uses the method of the request. */
  readonly method: string;
  /** Without path. */
  readonly origin: URL;
  /** Path and query, with path variables as `{name}` or `{name+}`. Absent to forward the path of the request. */
  readonly pathTemplate?: string | undefined;
  /** Milliseconds. */
  readonly timeout: number;
  readonly mapping: ParameterMapping;
}

/** A backend behind a VPC link. */
interface PrivateIntegration extends Omit<UrlIntegration, 'kind' | 'origin' | 'pathTemplate'> {
  readonly kind: 'private';
  /** The listener of a load balancer, or a Cloud Map service. */
  readonly targetArn: string;
}

export interface RouteAuthorizer {
  readonly id: string;
  readonly functionArn: string;
  /** A request without all of them is rejected without a call. Empty if the function is always called. */
  readonly identitySources: readonly Selection[];
  /** In seconds. 0 disables caching. */
  readonly resultTtl: number;
}
