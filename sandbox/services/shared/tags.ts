import type { ConditionKeys } from '../../endpoint/api';
import { list, optional, type Shape, string, structure } from './shape';

export interface Tag {
  readonly Key: string;
  readonly Value?: string | undefined;
}

/** At most 50 tags. https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html */
export const tagList: Shape<readonly Tag[]> = list(
  structure({ Key: string({ min: 1, max: 128 }), Value: optional(string({ max: 256 })) }),
  { max: 50 },
);

/** The condition keys of a resource's tags: `aws:ResourceTag/<key>`. */
export function resourceTagKeys(tags: readonly Tag[]): ConditionKeys {
  return Object.fromEntries(tags.map(({ Key, Value }) => [`aws:ResourceTag/${Key}`, Value ?? '']));
}

/** `tags` and `added` together. For a key in both, the added value applies. */
export function mergeTags(tags: readonly Tag[], added: readonly Tag[]): readonly Tag[] {
  const byKey = new Map([...tags, ...added].map((tag) => [tag.Key, tag]));
  return [...byKey.values()];
}
