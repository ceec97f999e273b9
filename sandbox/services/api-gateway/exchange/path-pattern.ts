/** A segment of the path of a route or resource. */
export type Segment =
  | { readonly kind: 'static'; readonly text: string }
  | { readonly kind: 'variable' | 'greedy'; readonly name: string };

/** `/` has no segments. `/a/` has two, the last of which is empty. */
export function pathSegments(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/');
}

/** Static text, `{name}`, or `{name+}`. Undefined for anything else with braces. */
export function parseSegment(text: string): Segment | undefined {
  const [, name, plus] = /^\{([A-Za-z0-9._:-]+)(\+?)\}$/.exec(text) ?? [];
  if (name !== undefined) return { kind: plus ? 'greedy' : 'variable', name };
  return /[{}]/.test(text) ? undefined : { kind: 'static', text };
}

/**
 * The values of the variables by name, without the `+` of a greedy variable. Undefined if the path is another one.
 * @param given the segments of the decoded path
 */
export function matchSegments(
  pattern: readonly Segment[],
  given: readonly string[],
): ReadonlyMap<string, string> | undefined {
  const greedy = pattern.at(-1)?.kind === 'greedy';
  if (greedy ? given.length < pattern.length : given.length !== pattern.length) return undefined;
  const parameters = new Map<string, string>();
  for (const [index, segment] of pattern.entries()) {
    const text = given[index] ?? '';
    if (segment.kind === 'static') {
      if (segment.text !== text) return undefined;
      continue;
    }
    const value = segment.kind === 'greedy' ? given.slice(index).join('/') : text;
    // A greedy variable takes the slash at the end of a path: https://github.com/storacha/w3infra/pull/166
    if (value === '' && segment.kind === 'variable') return undefined;
    parameters.set(segment.name, value);
  }
  return parameters;
}

/**
 * Sorts as text, with the most specific path first: a full match before a greedy variable, and from left to right static
 * text before a variable.
 */
export function specificity(pattern: readonly Segment[]): string {
  const kinds = pattern.map(({ kind }) => ({ static: '0', variable: '1', greedy: '2' })[kind]).join('');
  return `${kinds.endsWith('2') ? 1 : 0} ${kinds}`;
}
