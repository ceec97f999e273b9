import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { randomText } from '../../shared/random-text';
import type { Shape } from '../../shared/shape';
import type { Configuration, HttpApi } from '../state';

const IDENTIFIER_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

type Members = Readonly<Record<string, Shape<unknown>>>;

/** An identifier in the form of API Gateway. */
export function newIdentifier(length: number): string {
  return randomText(length, IDENTIFIER_ALPHABET);
}

/** The properties of a resource type. A change of a property in `createOnly` replaces the resource. */
export function mutability(members: Members, createOnly: readonly string[]): ResourceType['properties'] {
  const entries = Object.keys(members).map((name) => [name, createOnly.includes(name) ? 'createOnly' : 'mutable']);
  return Object.fromEntries(entries);
}

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
