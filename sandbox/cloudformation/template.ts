/** A CloudFormation template that the sandbox supports, with unresolved intrinsic functions. */
export interface Template {
  readonly parameters: Readonly<Record<string, ParameterDeclaration>>;
  readonly mappings: Mappings;
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly resources: Readonly<Record<string, ResourceDeclaration>>;
  readonly outputs: Readonly<Record<string, OutputDeclaration>>;
}

export type ParameterDeclaration = Readonly<Record<string, unknown>>;

/** By map name, top-level key, and second-level key. */
export type Mappings = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;

export interface ResourceDeclaration {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly dependsOn: readonly string[];
  readonly condition?: string;
  readonly deletionPolicy: DeletionPolicy;
  readonly updateReplacePolicy: UpdateReplacePolicy;
  /** The path of the construct of the resource. */
  readonly constructPath?: string;
}

interface OutputDeclaration {
  readonly value: unknown;
  /** The name of the export, which can have intrinsic functions. */
  readonly exportName?: unknown;
  readonly condition?: string;
}

const DELETION_POLICIES = ['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot'] as const;
type DeletionPolicy = (typeof DELETION_POLICIES)[number];

const UPDATE_REPLACE_POLICIES = ['Delete', 'Retain', 'Snapshot'] as const;
type UpdateReplacePolicy = (typeof UPDATE_REPLACE_POLICIES)[number];

/** The template or a parameter is invalid or not supported. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Rules',
  'Mappings',
  'Conditions',
  'Resources',
  'Outputs',
];
const RESOURCE_ATTRIBUTES = [
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'Metadata',
  'CreationPolicy',
  'DeletionPolicy',
  'UpdatePolicy',
  'UpdateReplacePolicy',
];
const OUTPUT_ATTRIBUTES = ['Value', 'Description', 'Condition', 'Export'];

/** The only rule that the CDK adds. It requires a bootstrapped account, which the sandbox doesn't need. */
const BOOTSTRAP_RULE = 'CheckBootstrapVersion';
/** Telemetry of the CDK, without effect. */
const CDK_METADATA_TYPE = 'AWS::CDK::Metadata';

/**
 * @param constructPaths by logical ID; the metadata of a resource, which the CDK writes on request only, takes
 * precedence
 * @throws TemplateError if a part is malformed or not supported
 */
export function readTemplate(json: string, constructPaths: ReadonlyMap<string, string> = new Map()): Template {
  const template = record(parse(json), 'the template');
  onlyKnown(template, SECTIONS, 'the template');
  for (const rule of Object.keys(section(template, 'Rules'))) {
    if (rule !== BOOTSTRAP_RULE) throw new TemplateError(`rule ${rule} is not supported by the sandbox`);
  }
  return {
    parameters: mapValues(section(template, 'Parameters'), (value, name) => record(value, `parameter ${name}`)),
    mappings: mapValues(section(template, 'Mappings'), (map, name) =>
      mapValues(record(map, `mapping ${name}`), (row, key) => record(row, `mapping ${name}.${key}`)),
    ),
    conditions: section(template, 'Conditions'),
    resources: readResources(section(template, 'Resources'), constructPaths),
    outputs: mapValues(section(template, 'Outputs'), readOutput),
  };
}

function readResources(
  resources: Readonly<Record<string, unknown>>,
  constructPaths: ReadonlyMap<string, string>,
): Record<string, ResourceDeclaration> {
  const read = (value: unknown, logicalId: string) => readResource(value, logicalId, constructPaths.get(logicalId));
  const declarations = Object.entries(mapValues(resources, read));
  return Object.fromEntries(declarations.filter(([, declaration]) => declaration.type !== CDK_METADATA_TYPE));
}

function readResource(value: unknown, logicalId: string, path?: string): ResourceDeclaration {
  const what = `resource ${logicalId}`;
  const resource = record(value, what);
  onlyKnown(resource, RESOURCE_ATTRIBUTES, what);
  if (!/^[a-zA-Z0-9]+$/.test(logicalId)) {
    throw new TemplateError(`${what} must have an alphanumeric logical id`);
  }
  const metadata = record(resource['Metadata'] ?? {}, `metadata of ${what}`);
  const constructPath = metadata['aws:cdk:path'] ?? path;
  return {
    type: text(resource['Type'], `type of ${what}`),
    properties: record(resource['Properties'] ?? {}, `properties of ${what}`),
    dependsOn: [resource['DependsOn'] ?? []].flat().map((id) => text(id, `DependsOn of ${what}`)),
    condition: optionalText(resource['Condition'], `condition of ${what}`),
    deletionPolicy: choice(resource['DeletionPolicy'] ?? 'Delete', DELETION_POLICIES, `DeletionPolicy of ${what}`),
    updateReplacePolicy: choice(
      resource['UpdateReplacePolicy'] ?? 'Delete',
      UPDATE_REPLACE_POLICIES,
      `UpdateReplacePolicy of ${what}`,
    ),
    constructPath: optionalText(constructPath, `aws:cdk:path of ${what}`),
  };
}

function readOutput(value: unknown, name: string): OutputDeclaration {
  const what = `output ${name}`;
  const output = record(value, what);
  onlyKnown(output, OUTPUT_ATTRIBUTES, what);
  if (output['Value'] === undefined) throw new TemplateError(`${what} must have a Value`);
  return {
    value: output['Value'],
    exportName: record(output['Export'] ?? {}, `Export of ${what}`)['Name'],
    condition: optionalText(output['Condition'], `condition of ${what}`),
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json, refuseNull);
  } catch (cause) {
    if (cause instanceof TemplateError) throw cause;
    throw new TemplateError('the template must be JSON', { cause });
  }
}

/** CloudFormation doesn't allow null in a template. */
function refuseNull(key: string, value: unknown): unknown {
  if (value === null) throw new TemplateError(`null is not allowed in a template, got it for ${key}`);
  return value;
}

function section(template: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  return record(template[name] ?? {}, `section ${name}`);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new TemplateError(`${what} must be an object`);
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new TemplateError(`${what} must be a string`);
  return value;
}

function optionalText(value: unknown, what: string): string | undefined {
  return value === undefined ? undefined : text(value, what);
}

function choice<T extends string>(value: unknown, choices: readonly T[], what: string): T {
  const found = choices.find((known) => known === value);
  if (found === undefined) {
    throw new TemplateError(`${what} must be one of ${choices.join(', ')}, got ${JSON.stringify(value)}`);
  }
  return found;
}

function onlyKnown(value: Readonly<Record<string, unknown>>, known: readonly string[], what: string): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new TemplateError(`${unknown} in ${what} is not supported by the sandbox`);
}

function mapValues<T, U>(
  entries: Readonly<Record<string, T>>,
  map: (value: T, key: string) => U,
): Readonly<Record<string, U>> {
  return Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, map(value, key)]));
}
