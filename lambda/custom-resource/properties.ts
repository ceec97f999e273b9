import { isRecord, type ResourceProperties } from './request';

/** Longest part of a refused value that an error quotes. */
const MAX_QUOTED = 80;

/** A property that does not keep its rule. */
export class PropertyError extends Error {
  override readonly name = 'PropertyError';

  constructor(property: string, rule: string, value: unknown) {
    super(`${property} ${rule}, got ${quote(value)}`);
  }
}

/** The rule that a value breaks, as a sentence's rest after the property's name, or undefined. */
export type BrokenRule = (value: string) => string | undefined;

export function textProperty(properties: ResourceProperties, name: string, brokenRule: BrokenRule): string {
  return checked(name, ownValue(properties, name), brokenRule);
}

export function choiceProperty<T extends string>(
  properties: ResourceProperties,
  name: string,
  choices: readonly T[],
): T {
  const value = ownValue(properties, name);
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new PropertyError(name, `must be one of ${choices.join(', ')}`, value);
  return choice;
}

export function listProperty(properties: ResourceProperties, name: string, brokenRule: BrokenRule): readonly string[] {
  const value = ownValue(properties, name);
  if (!Array.isArray(value)) throw new PropertyError(name, 'must be a list of strings', value);
  return value.map((item: unknown, index) => checked(`${name}[${index}]`, item, brokenRule));
}

/** Reads a text of an object by its name. */
type TextReader = (name: string, brokenRule: BrokenRule) => string;

/** A list of objects of texts; errors name the object by its place in the list. */
export function recordsProperty<T>(
  properties: ResourceProperties,
  name: string,
  read: (text: TextReader) => T,
): readonly T[] {
  const value = ownValue(properties, name);
  if (!Array.isArray(value)) throw new PropertyError(name, 'must be a list of objects', value);
  return value.map((item: unknown, index) => {
    const path = `${name}[${index}]`;
    if (!isRecord(item)) throw new PropertyError(path, 'must be an object', item);
    return read((field, brokenRule) => checked(`${path}.${field}`, ownValue(item, field), brokenRule));
  });
}

function checked(name: string, value: unknown, brokenRule: BrokenRule): string {
  if (typeof value !== 'string') throw new PropertyError(name, 'must be a string', value);
  const rule = brokenRule(value);
  if (rule !== undefined) throw new PropertyError(name, rule, value);
  return value;
}

function ownValue(properties: ResourceProperties, name: string): unknown {
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
}
