/** Kinds of values that properties have. The compiler checks them in TypeScript alone, and jsii in other languages: not in JavaScript. */
import { type Duration, Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';

/** What is wrong with a property. */
export interface Problem {
  /** The name, with that of a part: `methods[1]`. */
  readonly property: string;
  /** The rest of a sentence that begins with the name. */
  readonly rule: string;
  /** The value, as messages show it. */
  readonly value: string;
}

/** Finds what is wrong with a value. */
export interface Kind<IsOptional extends boolean = boolean> {
  (property: string, value: unknown): Problem | undefined;
  readonly isOptional: IsOptional;
}

/** The kind of each property of an interface. The compiler demands one for each property. */
export type Kinds<T> = {
  readonly [Name in keyof T]-?: Kind<Record<never, never> extends Pick<T, Name> ? true : false>;
};

export function kind(rule: string, isOfKind: (value: unknown) => boolean): Kind<false> {
  return required((property, value) => (isOfKind(value) ? undefined : { property, rule, value: shown(value) }));
}

function required(find: (property: string, value: unknown) => Problem | undefined): Kind<false> {
  return Object.assign(find, { isOptional: false } as const);
}

/** Also `undefined`, which is how JavaScript omits a property. */
export function optional(given: Kind<false>): Kind<true> {
  const find = (property: string, value: unknown) => (value === undefined ? undefined : given(property, value));
  return Object.assign(find, { isOptional: true } as const);
}

/** As `isOfKind`, or a token. Only CloudFormation knows the value of a token. */
function kindOrToken(rule: string, isOfKind: (value: unknown) => boolean): Kind<false> {
  return kind(rule, (value) => isOfKind(value) || Token.isUnresolved(value));
}

export const text = kindOrToken('must be a string', (value) => typeof value === 'string');
export const flag = kind('must be true or false', (value) => typeof value === 'boolean');
export const number = kindOrToken('must be a number', (value) => typeof value === 'number');

/** One of the values of an enumeration. */
export function oneOf(name: string, enumeration: Readonly<Record<string, string | number>>): Kind<false> {
  const values = Object.entries(enumeration)
    // A numeric enumeration also has its names as values.
    .filter(([key]) => Number.isNaN(Number(key)))
    .map(([, value]) => value);
  const rule = `must be a value of ${name} (${values.join(', ')})`;
  return kindOrToken(rule, (value) => values.includes(value as string | number));
}

export function listOf(what: string, element: Kind<false>): Kind<false> {
  const rule = `must be a list of ${what}`;
  return required((property, value) => {
    if (Token.isUnresolved(value)) return undefined;
    if (!Array.isArray(value)) return { property, rule, value: shown(value) };
    return firstOf(value.map((one, index) => element(`${property}[${index}]`, one)));
  });
}

/** An object with any properties of one kind. */
export function mapOf(element: Kind<false>): Kind<false> {
  return required((property, value) => {
    if (!isPlain(value)) return { property, rule: 'must be an object', value: shown(value) };
    return firstOf(Object.entries(value).map(([name, one]) => element(`${property}.${name}`, one)));
  });
}

/** An object with these properties and no others. */
export function object(kinds: Readonly<Record<string, Kind>>): Kind<false> {
  return required((property, value) => objectProblem(property, value, kinds, ruleOfUnknown(kinds)));
}

/** The rule that any property breaks that isn't among the kinds. */
export function ruleOfUnknown(kinds: Readonly<Record<string, Kind>>): () => string {
  return () => `isn't a property here: use one of ${Object.keys(kinds).join(', ')}`;
}

/**
 * What is wrong with an object, its first property first.
 * @param property the name of the object, or an empty one for the properties of a construct
 * @param ruleFor the rule that a property breaks that isn't among the kinds, and undefined if it may be there
 */
export function objectProblem(
  property: string,
  value: unknown,
  kinds: Readonly<Record<string, Kind>>,
  ruleFor: (name: string) => string | undefined,
): Problem | undefined {
  const names = Object.keys(kinds);
  if (!isPlain(value)) {
    const rule = `must be an object with properties such as ${names.slice(0, 2).join(' and ')}`;
    return { property: property || 'props', rule, value: shown(value) };
  }
  const nameOf = (name: string) => (property === '' ? name : `${property}.${name}`);
  for (const [name, given] of Object.entries(value)) {
    const rule = name in kinds || given === undefined ? undefined : ruleFor(name);
    if (rule !== undefined) return { property: nameOf(name), rule, value: shown(given) };
  }
  return firstOf(Object.entries(kinds).map(([name, find]) => find(nameOf(name), value[name])));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Construct.isConstruct(value);
}

function firstOf(problems: readonly (Problem | undefined)[]): Problem | undefined {
  return problems.find((problem) => problem !== undefined);
}

/**
 * An object that has these members. `instanceof` would refuse constructs of another copy of a package, and constructs that
 * implement an interface in another language.
 */
export function having(what: string, ...members: readonly string[]): Kind<false> {
  return kind(`must be ${what}`, (value) => has(value, members));
}

function has(value: unknown, members: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && members.every((member) => member in value);
}

export const duration = kind('must be a Duration, such as Duration.days(1)', isDuration);

function isDuration(value: unknown): value is Duration {
  return has(value, ['toMilliseconds', 'isUnresolved']);
}

const LONGEST_SHOWN = 80;

/** For a message. */
function shown(value: unknown): string {
  if (value === undefined) return 'none';
  if (Construct.isConstruct(value)) return value.node.path;
  if (Token.isUnresolved(value)) return 'a token';
  if (typeof value === 'string') return shortened(JSON.stringify(value));
  if (typeof value === 'function') return /^class\b/.test(String(value)) ? `the class ${value.name}` : 'a function';
  if (isDuration(value)) return value.toHumanString();
  if (Array.isArray(value)) return shortened(`[${value.map(shown).join(', ')}]`);
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function shortened(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
