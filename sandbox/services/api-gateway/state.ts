import { AwsError } from '../../endpoint/api';
import type { ParameterMapping } from './exchange/parameter-mapping';
import type { RouteKey } from './exchange/route-selection';
import type { Selection } from './exchange/selection';

/** What templates have made of API Gateway, in the form in which requests are served. */
export class Configuration {
  /** By id. */
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
  /** By name. */
  readonly stages: Map<string, Stage>;
  readonly routes: Map<string, Route>;
  readonly integrations: Map<string, Integration>;
  readonly authorizers: Map<string, Authorizer>;
}

export interface Stage {
  readonly name: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly accessLog?: AccessLogSettings | undefined;
}

export interface AccessLogSettings {
  readonly logGroup: string;
  /** Text with `$context` variables. */
  readonly format: string;
}

export interface Route {
  readonly key: RouteKey;
  /** Absent: the route is open to whoever gets through the handshake. */
  readonly authorizerId?: string | undefined;
  readonly integrationId: string;
}

export type Integration = FunctionIntegration | UrlIntegration;

export interface FunctionIntegration {
  readonly kind: 'function';
  readonly functionArn: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly mapping: ParameterMapping;
}

export interface UrlIntegration {
  readonly kind: 'url';
  /** `ANY` passes the request's own method. */
  readonly method: string;
  /** Without path. */
  readonly origin: URL;
  /** Path and query; path variables stand as `{name}` or `{name+}`. */
  readonly pathTemplate: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly mapping: ParameterMapping;
}

export interface Authorizer {
  readonly id: string;
  readonly functionArn: string;
  /** All must be present in a request, else it is refused without a call. None: the function is always called. */
  readonly identitySources: readonly Selection[];
  /** Seconds; 0: answers are not kept. */
  readonly resultTtl: number;
}

export interface Domain {
  readonly name: string;
  settings: DomainSettings;
  /** `UPDATING` as long as the settings are not in effect. */
  status: 'AVAILABLE' | 'UPDATING';
  /** By mapping id. */
  readonly mappings: Map<string, ApiMapping>;
}

/** What a domain has been told to be. */
export interface DomainSettings {
  readonly certificateArn: string;
  /** Absent: clients are not asked for a certificate. */
  readonly truststore?: { readonly uri: string; readonly version?: string | undefined } | undefined;
}

export interface ApiMapping {
  /** Path segments; none for the mapping that takes whatever no other one does. */
  readonly key: readonly string[];
  readonly apiId: string;
  readonly stageName: string;
}
