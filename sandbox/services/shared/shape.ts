import { AwsError } from '../../endpoint/api';

/**
 * Reads untrusted JSON, such as the input of an operation or the properties of a resource, into a typed value. A member
 * without a shape fails with its path.
 * @throws AwsError `ValidationException`, with the wording of AWS
 */
export type Shape<T> = (value: unknown, path: string) => T;

type Structure<M> = { readonly [K in keyof M]: M[K] extends Shape<infer T> ? T : never };

/**
 * Inclusive bounds: the length of a string in characters, of a list in elements, or of a blob in bytes, or the value of
 * a number.
 */
interface Limits {
  readonly min?: number;
  readonly max?: number;
}

export function structure<M extends Readonly<Record<string, Shape<unknown>>>>(members: M): Shape<Structure<M>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw broken(path, 'Member must be a map');
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(members, name)) throw unknownMember(join(path, name));
    }
    const given = value as Readonly<Record<string, unknown>>;
    const read = Object.entries(members).map(([name, shape]) => [name, shape(given[name], join(path, name))]);
    return Object.fromEntries(read) as Structure<M>;
  };
}

export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, path) => (value === undefined || value === null ? undefined : shape(value, path));
}

export function string({ min = 0, max = Number.POSITIVE_INFINITY }: Limits = {}, pattern?: RegExp): Shape<string> {
  return (value, path) => {
    if (typeof value !== 'string') throw broken(path, 'Member must be a string');
    checkLength(value.length, path, { min, max });
    if (pattern && !pattern.test(value))
      throw broken(path, `Member must satisfy regular expression pattern: ${pattern.source}`);
    return value;
  };
}

export function oneOf<const V extends string>(...values: readonly V[]): Shape<V> {
  return (value, path) => {
    const known = values.find((candidate) => candidate === value);
    if (known === undefined) throw broken(path, `Member must satisfy enum value set: [${values.join(', ')}]`);
    return known;
  };
}

/** A whole number, or decimal text, because CloudFormation passes both. */
export function integer({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: Limits = {}): Shape<number> {
  return (value, path) => {
    const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
    if (!Number.isSafeInteger(number)) throw broken(path, 'Member must be an integer');
    const whole = number as number;
    if (whole < min) throw broken(path, `Member must have value greater than or equal to ${min}`);
    if (whole > max) throw broken(path, `Member must have value less than or equal to ${max}`);
    return whole;
  };
}

/** Any number that JSON can hold. */
export const number: Shape<number> = (value, path) => {
  if (typeof value !== 'number') throw broken(path, 'Member must be a number');
  return value;
};

/** A boolean, or the text `true` or `false`, because CloudFormation passes both. */
export const boolean: Shape<boolean> = (value, path) => {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw broken(path, 'Member must be a boolean');
};

/** Bytes, in base64. */
export function blob(limits: Limits = {}): Shape<Buffer> {
  return (value, path) => {
    if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw broken(path, 'Member must be base64');
    const bytes = Buffer.from(value, 'base64');
    checkLength(bytes.length, path, limits);
    return bytes;
  };
}

export function list<T>(element: Shape<T>, limits: Limits = {}): Shape<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw broken(path, 'Member must be a list');
    checkLength(value.length, path, limits);
    return value.map((each, index) => element(each, `${path}.${index + 1}`));
  };
}

/** Any value, for what the sandbox stores but doesn't use. */
export const anything: Shape<unknown> = (value) => value;

function checkLength(length: number, path: string, { min = 0, max = Number.POSITIVE_INFINITY }: Limits): void {
  if (length < min) throw broken(path, `Member must have length greater than or equal to ${min}`);
  if (length > max) throw broken(path, `Member must have length less than or equal to ${max}`);
}

function broken(path: string, constraint: string): AwsError {
  return new AwsError(
    'ValidationException',
    `1 validation error detected: Value at '${path || 'input'}' failed to satisfy constraint: ${constraint}`,
  );
}

function unknownMember(path: string): AwsError {
  return new AwsError('ValidationException', `the sandbox does not support the member '${path}'`);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
