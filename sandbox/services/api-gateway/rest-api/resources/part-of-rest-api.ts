import type { Properties, Resource, ResourceType } from '../../../../cloudformation/resource-type';
import type { Shape } from '../../../shared/shape';
import type { Configuration } from '../../configuration';
import { newIdentifier } from '../../identifier';
import { mutability } from '../../property-shapes';
import type { RestApi } from '../state';

interface PartOfRestApi<V extends { readonly RestApiId: string }, T> {
  readonly configuration: Configuration;
  /** The attribute with the identifier of the part, such as `ResourceId`. */
  readonly attribute?: string;
  readonly members: Readonly<Record<string, Shape<unknown>>>;
  /** Properties besides `RestApiId` whose change replaces the part. */
  readonly createOnly: readonly string[];
  /** The structure of `members`. */
  readonly read: Shape<V>;
  /** The API's collection of such parts. */
  readonly collection: (api: RestApi) => Map<string, T>;
  readonly make: (values: V, id: string, api: RestApi) => T;
  /** Throws if the part is in use. */
  readonly checkDeletion?: (id: string, api: RestApi) => void;
}

/** A resource type of parts of a REST API, with generated identifiers. */
export function partOfRestApi<V extends { readonly RestApiId: string }, T>(part: PartOfRestApi<V, T>): ResourceType {
  function put(properties: Properties, id: string): Resource {
    const values = part.read(properties, '');
    const api = part.configuration.restApi(values.RestApiId);
    part.collection(api).set(id, part.make(values, id, api));
    return { physicalId: id, attributes: part.attribute === undefined ? {} : { [part.attribute]: id } };
  }

  return {
    properties: mutability(part.members, ['RestApiId', ...part.createOnly]),
    create: async ({ properties }) => put(properties, newIdentifier(6)),
    update: async ({ properties }, { physicalId }) => put(properties, physicalId),
    delete: async ({ properties }, { physicalId }) => {
      const api = part.configuration.restApis.get(String(properties['RestApiId']));
      if (!api) return;
      part.checkDeletion?.(physicalId, api);
      part.collection(api).delete(physicalId);
    },
  };
}
