import type { ResourceType } from '../../../../cloudformation/resource-type';
import { AwsError } from '../../../../endpoint/api';
import { oneOf, optional, string, structure } from '../../../shared/shape';
import type { Configuration } from '../../configuration';
import { invalid, texts, UnsupportedSetting } from '../../property-shapes';
import { checkTemplate, type GatewayResponse, RESPONSE_TYPES } from '../gateway-responses';
import { parseRestSelection } from '../selection';
import { partOfRestApi } from './part-of-rest-api';

/** `AWS::ApiGateway::GatewayResponse`: JSON with `$context` variables. */
export function gatewayResponseType(configuration: Configuration): ResourceType {
  const members = {
    ResponseParameters: optional(texts),
    ResponseTemplates: optional(texts),
    ResponseType: oneOf(...RESPONSE_TYPES),
    RestApiId: string(),
    StatusCode: optional(string({}, /^[2-5]\d\d$/)),
  };
  const read = structure(members);
  return partOfRestApi({
    configuration,
    attribute: 'Id',
    members,
    createOnly: ['ResponseType'],
    read,
    collection: (api) => api.gatewayResponses,
    make: ({ ResponseType: type, ...values }, id, api): GatewayResponse => {
      const isTaken = [...api.gatewayResponses].some(([otherId, other]) => otherId !== id && other.type === type);
      if (isTaken) throw new AwsError('ConflictException', `Gateway response ${type} already exists`, 409);
      const { 'application/json': template, ...others } = values.ResponseTemplates ?? {};
      const [other] = Object.keys(others);
      if (other !== undefined) throw new UnsupportedSetting(`a response template for ${other}`);
      const headers = Object.entries(values.ResponseParameters ?? {}).map(([parameter, expression]) => {
        const [, name] = /^gatewayresponse\.header\.([\w.$-]+)$/.exec(parameter) ?? [];
        if (!name) throw invalid(`Invalid mapping expression parameter specified: ${parameter}`);
        return [name, parseRestSelection(expression)] as const;
      });
      return {
        type,
        status: values.StatusCode === undefined ? undefined : Number(values.StatusCode),
        headers: new Map(headers),
        template: template === undefined ? undefined : checkTemplate(template),
      };
    },
  });
}
