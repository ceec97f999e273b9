import { IDENTITY_HEADERS } from '../../../mesh/contract';
import { door, quoted, type SideDoor } from './rules';
import type { TemplateResource } from './templates';
import { REST_API, REST_DOMAIN } from './types';

/** Of an API of a mesh. */
export function doorsOfApi(api: TemplateResource): readonly SideDoor[] {
  const { DisableExecuteApiEndpoint } = api.properties;
  const isDisabled = DisableExecuteApiEndpoint === true || DisableExecuteApiEndpoint === 'true';
  // An API of `Target` has a route that the template doesn't contain.
  const sources = ['Body', 'BodyS3Location', 'CloneFrom', 'Target'].filter(
    (name) => api.properties[name] !== undefined,
  );
  return [
    ...(isDisabled
      ? []
      : [
          door(
            'EXECUTE_API_ENDPOINT',
            api,
            'DisableExecuteApiEndpoint',
            `must be true, got ${quoted(DisableExecuteApiEndpoint)}`,
          ),
        ]),
    ...(api.type === REST_API ? doorsOfRestEndpoint(api) : []),
    ...sources.map((name) => door('UNCHECKED_ROUTES', api, name, 'must not be set')),
  ];
}

/** Of a domain that leads to an API of a mesh. Only regional ones support mutual TLS, with one security policy. */
export function doorsOfDomain(domain: TemplateResource): readonly SideDoor[] {
  const { MutualTlsAuthentication, DomainNameConfigurations, EndpointConfiguration, SecurityPolicy } =
    domain.properties;
  const { TruststoreUri } = Object(MutualTlsAuthentication);
  const truststore = 'MutualTlsAuthentication.TruststoreUri';
  const configurations =
    domain.type === REST_DOMAIN
      ? [{ at: '', EndpointType: restEndpointTypes(EndpointConfiguration), SecurityPolicy }]
      : [DomainNameConfigurations].flat().map((one) => ({ at: 'DomainNameConfigurations.', ...Object(one) }));
  return [
    ...(TruststoreUri === undefined || TruststoreUri === ''
      ? [door('DOMAIN_WITHOUT_MUTUAL_TLS', domain, truststore, 'must be set')]
      : []),
    ...configurations.flatMap(({ at, EndpointType = 'REGIONAL', SecurityPolicy: policy }) => [
      ...(EndpointType === 'REGIONAL' ? [] : [doorOfEndpoint(domain, `${at}EndpointType`, EndpointType)]),
      ...(policy === 'TLS_1_2'
        ? []
        : [door('SECURITY_POLICY', domain, `${at}SecurityPolicy`, `must be TLS_1_2, got ${quoted(policy)}`)]),
    ]),
  ];
}

function doorsOfRestEndpoint(api: TemplateResource): readonly SideDoor[] {
  const types = restEndpointTypes(api.properties['EndpointConfiguration']);
  return types === 'REGIONAL' ? [] : [doorOfEndpoint(api, 'EndpointConfiguration.Types', types)];
}

/** REST APIs and their domains are edge-optimized unless the template says otherwise. */
function restEndpointTypes(configuration: unknown): string {
  return [Object(configuration).Types ?? 'EDGE'].flat().join();
}

function doorOfEndpoint(resource: TemplateResource, property: string, got: unknown): SideDoor {
  return door('ENDPOINT_TYPE', resource, property, `must be REGIONAL, got ${quoted(got)}`);
}

/** Of an authorizer of a mesh. Without the property, API Gateway keeps answers. */
export function doorsOfAuthorizer(authorizer: TemplateResource): readonly SideDoor[] {
  const { AuthorizerResultTtlInSeconds: seconds } = authorizer.properties;
  return seconds === 0 || seconds === '0'
    ? []
    : [door('AUTHORIZER_CACHE', authorizer, 'AuthorizerResultTtlInSeconds', `must be 0, got ${quoted(seconds)}`)];
}

const MAPPED_HEADER = /^(?:integration\.request\.header\.|(?:overwrite|append|remove):header\.)(.+)$/i;
const HEADER_FIELDS = new Map(Object.entries(IDENTITY_HEADERS).map(([field, header]) => [header, field]));

/**
 * Of an integration of either kind of API.
 *
 * @param prefix what the properties begin with
 * @param integration with the property `RequestParameters`, and for a REST API `RequestTemplates`
 */
export function doorsOfHeaders(
  resource: TemplateResource,
  prefix: string,
  { RequestParameters, RequestTemplates }: Readonly<Record<string, unknown>>,
): readonly SideDoor[] {
  const parameters = Object.entries(Object(RequestParameters)).flatMap(([target, value]) => {
    const [, header = ''] = MAPPED_HEADER.exec(target) ?? [];
    const field = HEADER_FIELDS.get(header.toLowerCase());
    if (field === undefined) return [];
    const isOwn = target.startsWith('integration')
      ? value === `context.authorizer.${field}`
      : value === `$context.authorizer.${field}` && target.startsWith('overwrite:');
    return isOwn
      ? []
      : [door('IDENTITY_HEADER', resource, `${prefix}RequestParameters`, `must not map ${target} to ${quoted(value)}`)];
  });
  // A mapping template may set headers: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html
  const templates = Object.entries(Object(RequestTemplates)).filter(([, text]) => {
    const template = JSON.stringify(text).toLowerCase();
    return (
      template.includes('requestoverride') && [...HEADER_FIELDS.keys()].some((header) => template.includes(header))
    );
  });
  return [
    ...parameters,
    ...templates.map(([type]) =>
      door(
        'IDENTITY_HEADER',
        resource,
        `${prefix}RequestTemplates`,
        `must not override identity headers, got the template of ${type}`,
      ),
    ),
  ];
}
