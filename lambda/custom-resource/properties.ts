import { isRecord, type ResourceProperties } from './request';

/** The maximum number of characters of an invalid value that an error quotes. */
const LONGEST_QUOTE = 80;

/** A property is invalid. */
export class PropertyError extends Error {
  override readonly name = 'PropertyError';

  constructor(property: string, problem: string, value: unknown) {
    super(`${property} ${problem}, got ${quote(value)}`);
  }
}

/** What is wrong with a value, as the rest of a sentence that begins with the property's name. Undefined if valid. */
export type FindProblem = (value: string) => string | undefined;

export function textProperty(properties: ResourceProperties, name: string, findProblem: FindProblem): string {
  return checked(name, ownValue(properties, name), findProblem);
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

export function listProperty(
  properties: ResourceProperties,
  name: string,
  findProblem: FindProblem,
): readonly string[] {
  const value = ownValue(properties, name);
  if (!Array.isArray(value)) throw new PropertyError(name, 'must be a list of strings', value);
  return value.map((item: unknown, index) => checked(`${name}[${index}]`, item, findProblem));
}

/** Reads a string from an object. */
type TextReader = (name: string, findProblem: FindProblem) => string;

/** A list of objects that contain strings. Errors contain the object's index. */
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
    return read((field, findProblem) => checked(`${path}.${field}`, ownValue(item, field), findProblem));
  });
}

function checked(name: string, value: unknown, findProblem: FindProblem): string {
  if (typeof value !== 'string') throw new PropertyError(name, 'must be a string', value);
  const problem = findProblem(value);
  if (problem !== undefined) throw new PropertyError(name, problem, value);
  return value;
}

function ownValue(properties: ResourceProperties, name: string): unknown {
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}
