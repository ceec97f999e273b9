import { AUTHORIZER_TIMES } from '../../../mesh/contract';
import { DOMAIN_TRUSTSTORE_RESOURCE_TYPE, SERVICE_RESOURCE_TYPE } from '../../../mesh/custom-resources';
import { doorsOfApi, doorsOfAuthorizer, doorsOfDomain, doorsOfHeaders } from './resource-rules';
import { door, quoted, type SideDoor } from './rules';
import type { Template, TemplateResource, Templates } from './templates';
import {
  API_MAPPING,
  AUTHORIZERS,
  DOMAINS,
  FUNCTION,
  HTTP_API,
  HTTP_INTEGRATION,
  MANAGED_OVERRIDES,
  MAPPINGS,
  METHOD,
  PRIVATE_MAPPING,
  REST_API,
  ROUTES,
  ROUTING_RULE,
} from './types';

/** The types of resources that a search reads. */
export function isSearched(type: string): boolean {
  const ofMesh = [FUNCTION, SERVICE_RESOURCE_TYPE, DOMAIN_TRUSTSTORE_RESOURCE_TYPE];
  return type.startsWith('AWS::ApiGateway') || ofMesh.includes(type);
}

/** Finds the ways around a mesh to its APIs: that of its gateway, and those that have services or its authorizer. */
export class SideDoorSearch {
  /** The authorizers that invoke the function of a mesh. */
  private readonly meshAuthorizers: readonly TemplateResource[];
  /** The identities of the APIs. */
  private readonly apis: ReadonlySet<string>;

  constructor(private readonly templates: Templates) {
    const functions = templates.ofType(FUNCTION).filter(isAuthorizerFunction);
    this.meshAuthorizers = templates
      .ofType(...AUTHORIZERS)
      .filter(({ properties, template }) =>
        templates.mentioned(properties['AuthorizerUri'], template).some((resource) => functions.includes(resource)),
      );
    const services = templates.ofType(SERVICE_RESOURCE_TYPE);
    const ofMesh = [...services, ...this.meshAuthorizers, ...this.mappingsOfGateways()];
    this.apis = new Set(ofMesh.map((resource) => this.apiOf(resource)));
  }

  find(): readonly SideDoor[] {
    const apis = this.templates.ofType(HTTP_API, REST_API).filter(({ identity }) => this.apis.has(identity));
    const mappings = this.ofMesh(...MAPPINGS);
    return [
      ...apis.flatMap(doorsOfApi),
      ...this.ofMesh(MANAGED_OVERRIDES).map((one) =>
        door('UNCHECKED_ROUTES', one, 'ApiId', 'must not be an API of a mesh'),
      ),
      ...mappings.flatMap((mapping) => this.doorsOfDomainOf(mapping)),
      ...this.doorsOfMappingKeys(mappings),
      ...this.doorsOfRoutingRules(),
      ...this.meshAuthorizers.flatMap(doorsOfAuthorizer),
      ...this.ofMesh(...ROUTES).flatMap((route) => this.doorsOfRoute(route)),
      ...this.ofMesh(HTTP_INTEGRATION).flatMap((one) => doorsOfHeaders(one, '', one.properties)),
      ...this.ofMesh(METHOD).flatMap((one) =>
        doorsOfHeaders(one, 'Integration.', Object(one.properties['Integration'])),
      ),
    ];
  }

  /** Other APIs at the domain of a mesh have a key. */
  private mappingsOfGateways(): readonly TemplateResource[] {
    const nameOf = ({ properties, template }: TemplateResource) =>
      this.templates.identify(properties['DomainName'], template);
    const domains = new Set(this.templates.ofType(DOMAIN_TRUSTSTORE_RESOURCE_TYPE).map(nameOf));
    return this.templates
      .ofType(API_MAPPING)
      .filter((mapping) => mapping.properties['ApiMappingKey'] === undefined && domains.has(nameOf(mapping)));
  }

  private ofMesh(...types: readonly string[]): readonly TemplateResource[] {
    return this.templates.ofType(...types).filter((resource) => this.apis.has(this.apiOf(resource)));
  }

  /** The identity of the API that a resource says it belongs, or leads, to. */
  private apiOf({ properties, template }: TemplateResource): string {
    return this.templates.identify(properties['ApiId'] ?? properties['RestApiId'], template);
  }

  private doorsOfDomainOf(mapping: TemplateResource): readonly SideDoor[] {
    const property = mapping.type === PRIVATE_MAPPING ? 'DomainNameArn' : 'DomainName';
    const domain = this.domain(mapping.properties[property], mapping.template);
    if (domain) return doorsOfDomain(domain);
    const problem = 'must be a domain of the app that demands client certificates';
    return [door('DOMAIN_WITHOUT_MUTUAL_TLS', mapping, property, problem)];
  }

  /** By reference, or by its name. */
  private domain(value: unknown, from: Template): TemplateResource | undefined {
    const wanted = this.templates.identify(value, from);
    return this.templates
      .ofType(...DOMAINS)
      .find(
        ({ identity, properties, template }) =>
          identity === wanted || this.templates.identify(properties['DomainName'], template) === wanted,
      );
  }

  /** With another key, or none, a request would reach another route by the path of a grant. */
  private doorsOfMappingKeys(mappings: readonly TemplateResource[]): readonly SideDoor[] {
    const firstOf = new Map<string, { readonly key: string; readonly path: string }>();
    return mappings.flatMap((mapping) => {
      const property = mapping.type === API_MAPPING ? 'ApiMappingKey' : 'BasePath';
      const key = JSON.stringify(mapping.properties[property] ?? '');
      const api = this.apiOf(mapping);
      const first = firstOf.get(api) ?? { key, path: mapping.path };
      firstOf.set(api, first);
      const problem = `must be ${first.key}, as in the mapping ${first.path} of the same API, got ${key}`;
      return key === first.key ? [] : [door('MAPPING', mapping, property, problem)];
    });
  }

  private doorsOfRoutingRules(): readonly SideDoor[] {
    return this.templates
      .ofType(ROUTING_RULE)
      .filter(({ properties, template }) =>
        [properties['Actions'] ?? []]
          .flat()
          .some((action) => this.apis.has(this.templates.identify(Object(action).InvokeApi?.ApiId, template))),
      )
      .map((rule) => door('MAPPING', rule, 'Actions', 'must not invoke an API of a mesh'));
  }

  private doorsOfRoute(route: TemplateResource): readonly SideDoor[] {
    const { AuthorizationType, AuthorizerId } = route.properties;
    if (AuthorizationType !== 'CUSTOM') {
      const problem = `must be CUSTOM, got ${quoted(AuthorizationType)}`;
      return [door('ROUTE_WITHOUT_AUTHORIZER', route, 'AuthorizationType', problem)];
    }
    if (this.isOfMesh(AuthorizerId, route)) return [];
    const problem = `must be the authorizer of the mesh, got ${quoted(AuthorizerId)}`;
    return [door('ROUTE_WITHOUT_AUTHORIZER', route, 'AuthorizerId', problem)];
  }

  /** An API that these templates don't contain is that of a mesh of another app, and so is its authorizer. */
  private isOfMesh(authorizerId: unknown, route: TemplateResource): boolean {
    const api = this.apiOf(route);
    const authorizer = this.templates.referenced(authorizerId, route.template);
    if (authorizer) return this.meshAuthorizers.includes(authorizer) && this.apiOf(authorizer) === api;
    const isHere = this.templates.ofType(HTTP_API, REST_API).some(({ identity }) => identity === api);
    return authorizerId !== undefined && !isHere;
  }
}

/** No other function has this variable. */
function isAuthorizerFunction({ properties }: TemplateResource): boolean {
  const { Variables } = Object(properties['Environment']);
  return Object(Variables)[AUTHORIZER_TIMES.revocationDelay.variable] !== undefined;
}
