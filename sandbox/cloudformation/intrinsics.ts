import { subnetBlocks } from './cidr';
import { isRecord, type Mappings, TemplateError } from './template';

/** Resolves the names in a template. */
export interface Scope {
  /**
   * The value of `Ref`: a parameter, a pseudo parameter, or the physical ID of a resource. Throws for an unknown name.
   */
  ref(name: string): unknown;
  /** The value of `Fn::GetAtt`. Throws for an unknown resource or attribute. */
  attribute(logicalId: string, attribute: string): unknown;
  /** The value that another stack exports. Throws for an unknown name. */
  importValue(exportName: string): string;
  /** The output of another stack. Throws for an unknown stack or output. */
  stackOutput(stackName: string, outputName: string): string;
  /** Throws for an unknown condition. */
  condition(name: string): boolean;
  readonly mappings: Mappings;
}

/** The value of `Ref` to `AWS::NoValue`, which removes the property or list item. */
export const NO_VALUE: unique symbol = Symbol('AWS::NoValue');

type IntrinsicFunction = (argument: unknown, scope: Scope) => unknown;

const VALUE_FUNCTIONS = {
  Ref: (name: unknown, scope: Scope) => scope.ref(string(name, 'Ref')),
  'Fn::GetAtt': getAtt,
  'Fn::Join': join,
  'Fn::Sub': sub,
  'Fn::Select': select,
  'Fn::Split': split,
  'Fn::If': when,
  'Fn::FindInMap': findInMap,
  'Fn::ImportValue': (name: unknown, scope: Scope) =>
    scope.importValue(resolveToString(name, scope, 'Fn::ImportValue')),
  'Fn::GetStackOutput': stackOutput,
  'Fn::Cidr': cidr,
  'Fn::GetAZs': availabilityZones,
  'Fn::Base64': (text: unknown, scope: Scope) =>
    Buffer.from(resolveToString(text, scope, 'Fn::Base64')).toString('base64'),
} satisfies Record<string, IntrinsicFunction>;

type ValueFunction = keyof typeof VALUE_FUNCTIONS;

const CONDITION_FUNCTIONS: Readonly<Record<string, (argument: unknown, scope: Scope) => boolean>> = {
  Condition: (name, scope) => scope.condition(string(name, 'Condition')),
  'Fn::Equals': equals,
  'Fn::And': (operands, scope) => conditions(operands, scope, 'Fn::And').every(Boolean),
  'Fn::Or': (operands, scope) => conditions(operands, scope, 'Fn::Or').some(Boolean),
  'Fn::Not': not,
};

/**
 * The value with all intrinsic functions resolved, or `NO_VALUE`. Throws a `TemplateError` with the name of a function
 * that the sandbox doesn't support or that has invalid arguments.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope)).filter((item) => item !== NO_VALUE);
  if (!isRecord(value)) return value;
  const call = intrinsicCall(value);
  if (call !== undefined) {
    const [name, argument] = call;
    return VALUE_FUNCTIONS[name](argument, scope);
  }
  const entries = Object.entries(value).map(([key, item]) => [key, resolve(item, scope)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== NO_VALUE));
}

/** Evaluates an entry of the template's `Conditions`, or a condition within one. */
export function evaluateCondition(value: unknown, scope: Scope): boolean {
  const [name, argument, ...others] = isRecord(value) ? Object.entries(value).flat() : [];
  const intrinsic =
    typeof name === 'string' && Object.hasOwn(CONDITION_FUNCTIONS, name) ? CONDITION_FUNCTIONS[name] : undefined;
  if (intrinsic === undefined || others.length > 0) {
    throw new TemplateError(
      `a condition must be one of ${Object.keys(CONDITION_FUNCTIONS).join(', ')}, got ${show(value)}`,
    );
  }
  return intrinsic(argument, scope);
}

/** The name and argument of the function if the object is an intrinsic function. Throws for an unknown function. */
export function intrinsicCall(value: Readonly<Record<string, unknown>>): readonly [ValueFunction, unknown] | undefined {
  const keys = Object.keys(value);
  const name = keys.find((key) => key === 'Ref' || key.startsWith('Fn::'));
  if (name === undefined) return undefined;
  if (!isValueFunction(name))
    throw new TemplateError(`${name} is not supported by the sandbox as the value of a property`);
  if (keys.length > 1) throw new TemplateError(`${name} must stand alone in its object, got ${keys.join(', ')}`);
  return [name, value[name]];
}

function isValueFunction(name: string): name is ValueFunction {
  return Object.hasOwn(VALUE_FUNCTIONS, name);
}

/** The logical ID and attribute, from `[id, attribute]` or `'id.attribute'`. */
export function getAttArguments(argument: unknown): readonly [string, unknown] {
  if (typeof argument === 'string') {
    const dot = argument.indexOf('.');
    if (dot > 0) return [argument.slice(0, dot), argument.slice(dot + 1)];
  } else if (Array.isArray(argument) && argument.length === 2 && typeof argument[0] === 'string') {
    return [argument[0], argument[1]];
  }
  throw new TemplateError(`Fn::GetAtt must have a logical id and an attribute, got ${show(argument)}`);
}

export interface SubArguments {
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export function subArguments(argument: unknown): SubArguments {
  if (typeof argument === 'string') return { text: argument, variables: {} };
  if (Array.isArray(argument) && argument.length === 2) {
    const [text, variables] = argument;
    if (typeof text === 'string' && isRecord(variables)) return { text, variables };
  }
  throw new TemplateError(`Fn::Sub must have a string, or a string and an object, got ${show(argument)}`);
}

/** `${Name}`, `${Name.Attribute}`, and the literal `${!Text}`. */
export const SUB_PLACEHOLDER = /\$\{(!?)([^}]*)\}/g;

/** The condition name, the value if it is true, and the value if it is false. */
export function ifArguments(argument: unknown): readonly [string, unknown, unknown] {
  const [condition, then, otherwise] = list(argument, 'Fn::If', 3);
  return [string(condition, 'Fn::If'), then, otherwise];
}

function getAtt(argument: unknown, scope: Scope): unknown {
  const [logicalId, attribute] = getAttArguments(argument);
  return scope.attribute(logicalId, resolveToString(attribute, scope, 'Fn::GetAtt'));
}

function join(argument: unknown, scope: Scope): string {
  const [delimiter, items] = list(argument, 'Fn::Join', 2);
  return resolveToList(items, scope, 'Fn::Join')
    .map((item) => scalarToString(item, 'Fn::Join'))
    .join(string(delimiter, 'Fn::Join'));
}

function sub(argument: unknown, scope: Scope): string {
  const { text, variables } = subArguments(argument);
  return text.replace(SUB_PLACEHOLDER, (_, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    if (Object.hasOwn(variables, name)) return resolveToString(variables[name], scope, 'Fn::Sub');
    return scalarToString(name.includes('.') ? getAtt(name, scope) : scope.ref(name), 'Fn::Sub');
  });
}

function select(argument: unknown, scope: Scope): unknown {
  const [index, items] = list(argument, 'Fn::Select', 2);
  const position = resolveToString(index, scope, 'Fn::Select');
  const values = resolveToList(items, scope, 'Fn::Select');
  if (!/^\d+$/.test(position) || Number(position) >= values.length) {
    throw new TemplateError(`Fn::Select must have an index below ${values.length}, got ${position}`);
  }
  return values[Number(position)];
}

function split(argument: unknown, scope: Scope): string[] {
  const [delimiter, text] = list(argument, 'Fn::Split', 2);
  const separator = string(delimiter, 'Fn::Split');
  if (separator === '') throw new TemplateError('Fn::Split must have a delimiter of at least one character');
  return resolveToString(text, scope, 'Fn::Split').split(separator);
}

function when(argument: unknown, scope: Scope): unknown {
  const [condition, then, otherwise] = ifArguments(argument);
  return resolve(scope.condition(condition) ? then : otherwise, scope);
}

function findInMap(argument: unknown, scope: Scope): unknown {
  let found: unknown = scope.mappings;
  for (const part of list(argument, 'Fn::FindInMap', 3)) {
    const key = resolveToString(part, scope, 'Fn::FindInMap');
    if (!isRecord(found) || !Object.hasOwn(found, key)) {
      throw new TemplateError(`Fn::FindInMap finds no ${key} for ${show(argument)}`);
    }
    found = found[key];
  }
  return found;
}

/** The sandbox has one Region and one account, so their values don't matter. */
function stackOutput(argument: unknown, scope: Scope): string {
  const { StackName, OutputName } = isRecord(argument) ? argument : {};
  return scope.stackOutput(
    resolveToString(StackName, scope, 'Fn::GetStackOutput'),
    resolveToString(OutputName, scope, 'Fn::GetStackOutput'),
  );
}

/** Three of the Region, whichever the template asks for. */
function availabilityZones(argument: unknown, scope: Scope): string[] {
  const region =
    resolveToString(argument, scope, 'Fn::GetAZs') || scalarToString(scope.ref('AWS::Region'), 'Fn::GetAZs');
  return ['a', 'b', 'c'].map((letter) => region + letter);
}

function cidr(argument: unknown, scope: Scope): readonly string[] {
  if (!Array.isArray(argument) || argument.length < 2 || argument.length > 3) {
    throw new TemplateError(`Fn::Cidr must have a list of 2 or 3, got ${show(argument)}`);
  }
  const [block = '', count, bits] = argument.map((part) => resolveToString(part, scope, 'Fn::Cidr'));
  return subnetBlocks(block, Number(count), bits === undefined ? undefined : Number(bits));
}

function equals(argument: unknown, scope: Scope): boolean {
  const [left, right] = list(argument, 'Fn::Equals', 2).map((operand) => resolveToString(operand, scope, 'Fn::Equals'));
  return left === right;
}

function not(argument: unknown, scope: Scope): boolean {
  const [operand] = list(argument, 'Fn::Not', 1);
  return !evaluateCondition(operand, scope);
}

/** `Fn::And` and `Fn::Or` accept two to ten conditions. */
function conditions(argument: unknown, scope: Scope, intrinsic: string): boolean[] {
  if (!Array.isArray(argument) || argument.length < 2 || argument.length > 10) {
    throw new TemplateError(`${intrinsic} must have 2 to 10 conditions, got ${show(argument)}`);
  }
  return argument.map((operand) => evaluateCondition(operand, scope));
}

function resolveToString(value: unknown, scope: Scope, intrinsic: string): string {
  return scalarToString(resolve(value, scope), intrinsic);
}

function resolveToList(value: unknown, scope: Scope, intrinsic: string): readonly unknown[] {
  const resolved = resolve(value, scope);
  if (!Array.isArray(resolved)) throw new TemplateError(`${intrinsic} must have a list, got ${show(resolved)}`);
  return resolved;
}

function scalarToString(value: unknown, intrinsic: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TemplateError(`${intrinsic} must have a string, got ${show(value)}`);
}

function string(value: unknown, intrinsic: string): string {
  if (typeof value !== 'string') throw new TemplateError(`${intrinsic} must have a plain string, got ${show(value)}`);
  return value;
}

function list(value: unknown, intrinsic: string, length: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) {
    throw new TemplateError(`${intrinsic} must have a list of ${length}, got ${show(value)}`);
  }
  return value;
}

function show(value: unknown): string {
  return value === NO_VALUE ? 'AWS::NoValue' : (JSON.stringify(value) ?? String(value));
}
