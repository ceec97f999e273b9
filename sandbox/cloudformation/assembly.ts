import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isRecord } from './template';

/** The directory isn't a cloud assembly, or doesn't contain the stack. */
export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
}

/** One stack of a cloud assembly. */
export interface AssembledStack {
  readonly stackName: string;
  /** The ID of the account that the app names. Undefined if the stack can be deployed in any. */
  readonly accountId: string | undefined;
  /** The Region that the app names. Undefined if the stack can be deployed in any. */
  readonly region: string | undefined;
  /** The template's JSON. */
  readonly template: string;
  /** The path of the construct of each resource, by logical ID, without those of nested stacks. */
  readonly constructPaths: ReadonlyMap<string, string>;
  /** As `constructPaths`, for the nested stack whose resource has that path. */
  nestedConstructPaths(resourcePath: string): ReadonlyMap<string, string>;
  /**
   * The absolute path of each file asset by its key in the asset bucket. An asset is a file, or a directory that isn't
   * packed.
   */
  readonly fileAssets: ReadonlyMap<string, string>;
}

interface StackArtifact {
  readonly id: string;
  /** The construct path of the stack, as the CDK CLI displays it. */
  readonly displayName: string;
  readonly stackName: string;
  readonly directory: string;
  readonly templateFile: string;
  readonly artifact: Json;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The stacks of a cloud assembly and its stages, each after those that it depends on.
 * @param name the name, construct path, or artifact ID of one of them, which is returned together with those that it
 * depends on. The default is all
 * @throws AssemblyError if there is no such stack, or if two have the same name; the message lists the stacks
 */
export function readAssembly(directory: string, name?: string): readonly AssembledStack[] {
  const stacks = stackArtifacts(directory);
  const chosen = stacks.filter(
    (stack) => name === undefined || [stack.stackName, stack.displayName, stack.id].includes(name),
  );
  const known = stacks.map(({ displayName, stackName }) =>
    displayName === stackName ? stackName : `${stackName} (${displayName})`,
  );
  const list = known.join(', ') || 'none';
  if (name !== undefined && chosen.length !== 1) {
    throw new AssemblyError(`exactly one stack must be called ${name}; ${directory} has ${list}`);
  }
  if (chosen.length === 0) throw new AssemblyError(`the app must have a stack; ${directory} has ${list}`);
  const ordered = withDependencies(chosen, stacks);
  const twin = ordered.find((stack) => ordered.some((other) => other !== stack && other.stackName === stack.stackName));
  if (twin !== undefined) {
    throw new AssemblyError(`one of the stacks called ${twin.stackName} must be chosen; ${directory} has ${list}`);
  }
  return ordered.map((stack) => ({
    stackName: stack.stackName,
    ...environmentOf(stack),
    template: readText(join(stack.directory, stack.templateFile)),
    ...constructPathsOf(stack),
    fileAssets: fileAssets(stack.directory),
  }));
}

/**
 * The Region of the chosen stack, which is the last one, or the only one that the stacks of the app name. Undefined if they name
 * none or several.
 */
export function regionOf(stacks: readonly AssembledStack[], isChosen: boolean): string | undefined {
  if (isChosen) return stacks.at(-1)?.region;
  const [region, ...others] = new Set(stacks.flatMap((stack) => stack.region ?? []));
  return others.length === 0 ? region : undefined;
}

/** Each stack after those that it depends on, which are of the same stage. */
function withDependencies(chosen: readonly StackArtifact[], all: readonly StackArtifact[]): readonly StackArtifact[] {
  const ordered = new Set<StackArtifact>();
  const add = (stack: StackArtifact, dependents: readonly StackArtifact[]): void => {
    if (dependents.includes(stack)) throw new AssemblyError(`the stack ${stack.stackName} depends on itself`);
    const ids = Array.isArray(stack.artifact['dependencies']) ? stack.artifact['dependencies'] : [];
    for (const other of all) {
      if (other.directory === stack.directory && ids.includes(other.id)) add(other, [...dependents, stack]);
    }
    ordered.add(stack);
  };
  for (const stack of chosen) add(stack, []);
  return [...ordered];
}

function stackArtifacts(directory: string): StackArtifact[] {
  return artifacts(directory).flatMap(([id, artifact]) => {
    const properties = object(artifact['properties']);
    if (artifact['type'] === 'aws:cloudformation:stack') {
      const stackName = text(properties['stackName'] ?? id, 'stackName');
      const displayName = text(artifact['displayName'] ?? id, 'displayName');
      const templateFile = text(properties['templateFile'], 'templateFile');
      return [{ id, displayName, stackName, directory, templateFile, artifact }];
    }
    if (artifact['type'] === 'cdk:cloud-assembly') {
      return stackArtifacts(join(directory, text(properties['directoryName'], 'directoryName')));
    }
    return [];
  });
}

/** From an environment such as `aws://123456789012/us-east-1`, or `aws://unknown-account/unknown-region`. */
function environmentOf({ artifact }: StackArtifact): Pick<AssembledStack, 'accountId' | 'region'> {
  const environment = String(artifact['environment']);
  return {
    accountId: /^aws:\/\/(\d{12})\//.exec(environment)?.[1],
    region: /^aws:\/\/[^/]+\/(?!unknown-region$)([a-z0-9-]+)$/.exec(environment)?.[1],
  };
}

/** From the metadata that names constructs, in the manifest or in a file beside it. */
function constructPathsOf(stack: StackArtifact): Pick<AssembledStack, 'constructPaths' | 'nestedConstructPaths'> {
  const named = namedResources(stack);
  const scopes = named.flatMap(({ path }) => nestedScope(path) ?? []);
  const scopeOf = (path: string) =>
    scopes
      .filter((scope) => path.startsWith(scope))
      .reduce((one, other) => (other.length > one.length ? other : one), '');
  const pathsIn = (scope: string) =>
    new Map(named.filter(({ path }) => scopeOf(path) === scope).map(({ path, logicalId }) => [logicalId, path]));
  return {
    constructPaths: pathsIn(''),
    nestedConstructPaths: (resourcePath) => pathsIn(nestedScope(resourcePath) ?? resourcePath),
  };
}

/** What the paths in a nested stack start with. The CDK puts its resource beside it. */
function nestedScope(resourcePath: string): string | undefined {
  const [, path] = /^(.+)\.NestedStack\/[^/]+\.NestedStackResource$/.exec(resourcePath) ?? [];
  return path === undefined ? undefined : `${path}/`;
}

function namedResources({ artifact, directory }: StackArtifact): readonly { path: string; logicalId: string }[] {
  const file = artifact['additionalMetadataFile'];
  const beside = file === undefined ? {} : readJson(join(directory, text(file, 'additionalMetadataFile')));
  return Object.entries({ ...object(artifact['metadata']), ...beside }).flatMap(([path, entries]) =>
    (Array.isArray(entries) ? entries.map(object) : []).flatMap(({ type, data }) =>
      type === 'aws:cdk:logicalId' && typeof data === 'string' ? [{ path: path.slice(1), logicalId: data }] : [],
    ),
  );
}

function fileAssets(directory: string): ReadonlyMap<string, string> {
  const assets = new Map<string, string>();
  for (const [, artifact] of artifacts(directory)) {
    if (artifact['type'] !== 'cdk:asset-manifest') continue;
    const manifest = readJson(join(directory, text(object(artifact['properties'])['file'], 'file')));
    for (const asset of Object.values(object(manifest['files']))) {
      const source = object(object(asset)['source']);
      // A source that is a command has no path. The sandbox runs no such commands.
      if (source['path'] === undefined) continue;
      for (const destination of Object.values(object(object(asset)['destinations']))) {
        const key = text(object(destination)['objectKey'], 'objectKey');
        assets.set(key, resolve(directory, text(source['path'], 'path')));
      }
    }
  }
  return assets;
}

function artifacts(directory: string): [string, Json][] {
  const file = join(directory, 'manifest.json');
  if (!existsSync(file)) {
    throw new AssemblyError(`${directory} must be the output of cdk synth, but it has no manifest.json`);
  }
  return Object.entries(object(readJson(file)['artifacts'])).map(([id, artifact]) => [id, object(artifact)]);
}

function readJson(file: string): Json {
  try {
    return object(JSON.parse(readText(file)));
  } catch (cause) {
    if (cause instanceof AssemblyError) throw cause;
    throw new AssemblyError(`${file} must be JSON`, { cause });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new AssemblyError(`${file} must be readable`, { cause });
  }
}

function object(value: unknown): Json {
  if (value === undefined) return {};
  if (!isRecord(value))
    throw new AssemblyError(`a cloud assembly must have an object here, got ${JSON.stringify(value)}`);
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string')
    throw new AssemblyError(`${what} in a cloud assembly must be a string, got ${JSON.stringify(value)}`);
  return value;
}
