import type { IConstruct } from 'constructs';
import { refuseProblem } from '../validation';
import { type Kinds, objectProblem, ruleOfUnknown } from './kinds';

/**
 * Throws unless each property is of its kind. A property of another name passes, since a class may extend the properties, unless
 * the name looks like a misspelling of one that is absent, and so would have its default.
 */
export function checkProps<T>(scope: IConstruct, props: T, kinds: Kinds<NoInfer<T>>): void {
  const given: Readonly<Record<string, unknown>> = Object(props);
  const absent = Object.keys(kinds).filter((known) => given[known] === undefined);
  const ruleFor = (name: string) => {
    // The characters of a string that was given in place of an object.
    if (/^\d+$/.test(name)) return 'is a character of a string: give an object with properties';
    const meant = absent.find((known) => looksLike(known, name));
    return meant && `isn't a property here: did you mean ${meant}?`;
  };
  refuseProblem(scope, objectProblem('', props ?? {}, kinds, ruleFor));
}

/** Throws unless each property is of its kind and no other is given. For options that allow more if they are left out. */
export function checkOptions<T>(scope: IConstruct, property: string, options: T, kinds: Kinds<NoInfer<T>>): void {
  refuseProblem(scope, objectProblem(property, options, kinds, ruleOfUnknown(kinds)));
}

/** Apart from letter case, one character may be missing, added, or replaced, or two neighbours exchanged; in long names, two. */
function looksLike(known: string, name: string): boolean {
  const tolerance = known.length < 8 ? 1 : 2;
  return editDistance(known.toLowerCase(), name.toLowerCase()) <= tolerance;
}

/** The optimal string alignment distance: https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance */
function editDistance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= right.length; column++) {
      const replaced = at(row - 1, column - 1) + (left[row - 1] === right[column - 1] ? 0 : 1);
      const isExchanged = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      const exchanged = isExchanged ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, replaced, exchanged));
    }
  }
  return at(left.length, right.length);
}
