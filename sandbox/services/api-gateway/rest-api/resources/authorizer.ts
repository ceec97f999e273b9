import type { ResourceType } from '../../../../cloudformation/resource-type';
import { integer, oneOf, optional, string, structure } from '../../../shared/shape';
import type { Configuration } from '../../configuration';
import { functionArnIn } from '../../exchange/invocation';
import { invalid } from '../../property-shapes';
import { parseRestSelection } from '../selection';
import type { Authorizer } from '../state';
import { partOfRestApi } from './part-of-rest-api';

/** Seconds. https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html */
const DEFAULT_RESULT_TTL = 300;
const MAX_RESULT_TTL = 3_600;

/**
 * `AWS::ApiGateway::Authorizer`: functions.
 * https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html
 */
export function restAuthorizerType(configuration: Configuration): ResourceType {
  const members = {
    AuthType: optional(string()),
    AuthorizerResultTtlInSeconds: optional(integer({ min: 0, max: MAX_RESULT_TTL })),
    AuthorizerUri: string(),
    IdentitySource: optional(string()),
    IdentityValidationExpression: optional(string()),
    Name: string({ min: 1 }),
    RestApiId: string(),
    Type: oneOf('TOKEN', 'REQUEST'),
  };
  const read = structure(members);
  return partOfRestApi({
    configuration,
    attribute: 'AuthorizerId',
    members,
    createOnly: [],
    read,
    collection: (api) => api.authorizers,
    make: (values, id): Authorizer => {
      const { Name: name, Type: type, AuthorizerUri: authorizerUri, IdentitySource: identitySource = '' } = values;
      const { AuthorizerResultTtlInSeconds: resultTtl = DEFAULT_RESULT_TTL } = values;
      const expression = values.IdentityValidationExpression;
      const sources = identitySource.split(',').flatMap((source) => source.trim() || []);
      checkSources(type, sources, resultTtl);
      if (type === 'REQUEST' && expression !== undefined) {
        throw invalid('Identity validation expression is only supported for TOKEN authorizers');
      }
      const functionArn = functionArnIn(authorizerUri);
      if (functionArn === undefined) throw invalid(`Invalid Authorizer URI: ${authorizerUri}`);
      return {
        id,
        name,
        type,
        authorizerUri,
        functionArn,
        identitySource,
        identitySources: sources.map(parseRestSelection),
        validationExpression: expression === undefined ? undefined : new RegExp(`^(?:${expression})$`),
        resultTtl,
      };
    },
  });
}

function checkSources(type: 'TOKEN' | 'REQUEST', sources: readonly string[], resultTtl: number): void {
  const allowed =
    type === 'TOKEN'
      ? /^method\.request\.header\./
      : /^(method\.request\.(header|querystring)|stageVariables|context)\./;
  const other = sources.find((source) => !allowed.test(source));
  if (other !== undefined) throw invalid(`Invalid mapping expression specified as the identity source: ${other}`);
  if (type === 'TOKEN' && sources.length !== 1) throw invalid('A TOKEN authorizer must have one identity source');
  if (type === 'REQUEST' && resultTtl > 0 && sources.length === 0) {
    throw invalid('Identity source must be set if authorizer caching is enabled');
  }
}
