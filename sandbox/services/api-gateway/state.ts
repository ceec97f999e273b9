import { AwsError } from '../../endpoint/api';
import type { ParameterMapping } from './exchange/parameter-mapping';
import type { RouteKey } from './exchange/route-selection';
import type { Selection } from './exchange/selection';

/** The APIs and domains of the account. */
export class Configuration {
  /** By ID. */
  readonly apis = new Map<string, HttpApi>();
  /** By domain name. */
  readonly domains = new Map<string, Domain>();

  api(id: string): HttpApi {
    const api = this.apis.get(id);
    if (!api) throw new AwsError('NotFoundException', `Invalid API identifier specified ${id}`, 404);
    return api;
  }

  domain(name: string): Domain {
    const domain = this.domains.get(name);
    if (!domain) throw new AwsError('NotFoundException', `Invalid domain name identifier specified ${name}`, 404);
    return domain;
  }
}

export interface HttpApi {
  readonly id: string;
  name: string;
  readonly createdDate: Date;
  /** Whether it is disabled in the template. The sandbox has no `execute-api` endpoint. */
  isEndpointDisabled: boolean;
  /** By name. */
  readonly stages: Map<string, Stage>;
  readonly routes: Map<string, Route>;
  readonly integrations: Map<string, Integration>;
  readonly authorizers: Map<string, RouteAuthorizer>;
}

export interface Stage {
  readonly name: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly accessLog?: AccessLogSettings | undefined;
  /** Absent if only the limits of the account apply, which the sandbox doesn't enforce. */
  readonly throttle?: Throttle | undefined;
}

/** The limits of each route. */
interface Throttle {
  /** Requests a second. */
  readonly rateLimit: number;
  /** Requests at once. */
  readonly burstLimit: number;
}

export interface AccessLogSettings {
  readonly logGroup: string;
  /** Text with `$context` variables. */
  readonly format: string;
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

export interface Domain {
  readonly name: string;
  settings: DomainSettings;
  /** `UPDATING` while the settings aren't in effect yet. */
  status: 'AVAILABLE' | 'UPDATING';
  /** By mapping ID. */
  readonly mappings: Map<string, ApiMapping>;
}

/** The settings of a domain. */
export interface DomainSettings {
  readonly certificateArn: string;
  /** Absent if clients aren't asked for a certificate. */
  readonly truststore?: { readonly uri: string; readonly version?: string | undefined } | undefined;
}

export interface ApiMapping {
  /** Path segments. Empty for the mapping of all other paths. */
  readonly key: readonly string[];
  readonly apiId: string;
  readonly stageName: string;
}
