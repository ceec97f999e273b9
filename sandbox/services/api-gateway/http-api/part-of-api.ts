import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import type { Shape } from '../../shared/shape';
import type { Configuration } from '../configuration';
import { newIdentifier } from '../identifier';
import { mutability } from '../property-shapes';
import type { HttpApi } from './state';

type Members = Readonly<Record<string, Shape<unknown>>>;

interface PartOfApi<V extends { readonly ApiId: string }, T> {
  readonly configuration: Configuration;
  /** The attribute with the identifier of the part, such as `RouteId`. */
  readonly attribute: string;
  readonly members: Members;
  /** The structure of `members`. */
  readonly read: Shape<V>;
  /** The API's collection of such parts. */
  readonly collection: (api: HttpApi) => Map<string, T>;
  readonly make: (values: V, id: string, api: HttpApi) => T;
}

/** A resource type of parts of an API, with generated identifiers. */
export function partOfApi<V extends { readonly ApiId: string }, T>(part: PartOfApi<V, T>): ResourceType {
  function put(properties: Properties, id: string): Resource {
    const values = part.read(properties, '');
    const api = part.configuration.api(values.ApiId);
    part.collection(api).set(id, part.make(values, id, api));
    return { physicalId: id, attributes: { [part.attribute]: id } };
  }

  return {
    properties: mutability(part.members, ['ApiId']),
    create: async ({ properties }) => put(properties, newIdentifier(7)),
    update: async ({ properties }, { physicalId }) => put(properties, physicalId),
    delete: async ({ properties }, { physicalId }) => {
      const api = part.configuration.apis.get(String(properties['ApiId']));
      if (api) part.collection(api).delete(physicalId);
    },
  };
}
