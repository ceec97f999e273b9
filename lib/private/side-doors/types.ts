/** The types of resources that lead to an API, or decide who reaches it. */

export const HTTP_API = 'AWS::ApiGatewayV2::Api';
export const REST_API = 'AWS::ApiGateway::RestApi';
export const REST_DOMAIN = 'AWS::ApiGateway::DomainName';
export const DOMAINS = ['AWS::ApiGatewayV2::DomainName', REST_DOMAIN];
export const API_MAPPING = 'AWS::ApiGatewayV2::ApiMapping';
/** Private domains have a type of mapping of their own. */
export const PRIVATE_MAPPING = 'AWS::ApiGateway::BasePathMappingV2';
export const MAPPINGS = [API_MAPPING, 'AWS::ApiGateway::BasePathMapping', PRIVATE_MAPPING];
export const ROUTING_RULE = 'AWS::ApiGatewayV2::RoutingRule';
export const AUTHORIZERS = ['AWS::ApiGatewayV2::Authorizer', 'AWS::ApiGateway::Authorizer'];
export const METHOD = 'AWS::ApiGateway::Method';
export const ROUTES = ['AWS::ApiGatewayV2::Route', METHOD];
/** Changes the route that an API with a `Target` has. */
export const MANAGED_OVERRIDES = 'AWS::ApiGatewayV2::ApiGatewayManagedOverrides';
export const HTTP_INTEGRATION = 'AWS::ApiGatewayV2::Integration';
export const FUNCTION = 'AWS::Lambda::Function';
