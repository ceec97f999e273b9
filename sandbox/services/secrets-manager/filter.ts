import type { Secret } from './secret';

/** The supported filters of ListSecrets. */
export const FILTER_KEYS = ['name', 'description', 'tag-key', 'tag-value'] as const;

export interface Filter {
  readonly Key: (typeof FILTER_KEYS)[number];
  /** Prefixes. A prefix that starts with `!` excludes. */
  readonly Values: readonly string[];
}

/**
 * A filter matches if one of its prefixes does. Only descriptions are case-insensitive.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html
 */
export function matches(secret: Secret, { Key, Values }: Filter): boolean {
  const fold = (text: string) => (Key === 'description' ? text.toLowerCase() : text);
  const texts = textsOf(secret, Key).map(fold);
  return Values.map(fold).some((value) =>
    value.startsWith('!')
      ? !texts.some((text) => text.startsWith(value.slice(1)))
      : texts.some((text) => text.startsWith(value)),
  );
}

function textsOf({ details }: Secret, key: Filter['Key']): readonly string[] {
  switch (key) {
    case 'name':
      return [details.name];
    case 'description':
      return [details.description ?? ''];
    case 'tag-key':
      return details.tags.map((tag) => tag.Key);
    case 'tag-value':
      return details.tags.map((tag) => tag.Value ?? '');
  }
}
