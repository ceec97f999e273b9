import type { TemplateResource } from './templates';

/** A way around the mesh: a property of a resource that a rule forbids. */
export interface SideDoor {
  readonly rule: SideDoorRule;
  readonly resource: TemplateResource;
  /** From the properties of the resource, such as `MutualTlsAuthentication.TruststoreUri`. */
  readonly property: string;
  /** What the property must be, and what it is. */
  readonly problem: string;
}

/** What each rule forbids, and what to do. */
export const SIDE_DOOR_RULES = {
  EXECUTE_API_ENDPOINT: 'the address of the API at execute-api demands no certificate: disable it',
  ENDPOINT_TYPE: 'mutual TLS needs a regional endpoint: set the endpoint type to REGIONAL',
  DOMAIN_WITHOUT_MUTUAL_TLS:
    'a domain of the API must demand client certificates: remove its mapping, or configure mutual TLS',
  SECURITY_POLICY: 'API Gateway supports mutual TLS with the security policy TLS_1_2 alone: set it',
  MAPPING: 'grants name the path at the domain: reach the API with one mapping key and without routing rules',
  AUTHORIZER_CACHE:
    'a kept answer would count for other requests and other clients: set AuthorizerResultTtlInSeconds to 0',
  ROUTE_WITHOUT_AUTHORIZER:
    'every route and method must have the authorizer of the mesh: remove the override, or the route',
  UNCHECKED_ROUTES: 'routes that the template does not list cannot be checked: define them as resources',
  IDENTITY_HEADER: 'only the authorizer may set the identity headers: remove the mapping',
} as const;
export type SideDoorRule = keyof typeof SIDE_DOOR_RULES;

export function door(rule: SideDoorRule, resource: TemplateResource, property: string, problem: string): SideDoor {
  return { rule, resource, property, problem };
}

/** A value for a message. */
export function quoted(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}

/** Names the construct, the property, the rule, and what to do. */
export function sentence({ rule, resource, property, problem }: SideDoor): string {
  return `${resource.path}: ${property} ${problem} (${rule}: ${SIDE_DOOR_RULES[rule]})`;
}
