import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { randomText } from '../../shared/random-text';
import type { Shape } from '../../shared/shape';
import type { Configuration, HttpApi } from '../state';

const IDENTIFIER_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

type Members = Readonly<Record<string, Shape<unknown>>>;

/** In the form of API Gateway's own identifiers. */
export function newIdentifier(length: number): string {
  return randomText(length, IDENTIFIER_ALPHABET);
}

/** The names of a resource type's properties; those in `createOnly` replace the resource when they change. */
export function mutability(members: Members, createOnly: readonly string[]): ResourceType['properties'] {
  const entries = Object.keys(members).map((name) => [name, createOnly.includes(name) ? 'createOnly' : 'mutable']);
  return Object.fromEntries(entries);
}

interface PartOfApi<V extends { readonly ApiId: string }, T> {
  readonly configuration: Configuration;
  /** The attribute under which the part's identifier can be read, such as `RouteId`. */
  readonly attribute: string;
  readonly members: Members;
  /** The structure of `members`. */
  readonly read: Shape<V>;
  /** Where the API keeps such parts. */
  readonly collection: (api: HttpApi) => Map<string, T>;
  readonly make: (values: V, id: string, api: HttpApi) => T;
}

/** A resource type whose resources belong to one API and live under an identifier that API Gateway makes. */
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
