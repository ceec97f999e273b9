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
  /** The template's JSON. */
  readonly template: string;
  /** The path of the construct of each resource, by logical ID. */
  readonly constructPaths: ReadonlyMap<string, string>;
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
 * Finds a stack of a cloud assembly, including its stages, by its name, construct path, or artifact ID.
 * @param name optional if there is only one stack
 * @throws AssemblyError if there is no such stack, or several to choose from; the message lists the stacks
 */
export function readAssembly(directory: string, name?: string): AssembledStack {
  const stacks = stackArtifacts(directory);
  const found = stacks.filter(
    (stack) => name === undefined || [stack.stackName, stack.displayName, stack.id].includes(name),
  );
  const [stack] = found;
  if (stack === undefined || found.length > 1) {
    const names = stacks.map(({ stackName }) => stackName).join(', ') || 'none';
    const wanted = name === undefined ? 'one stack must be named' : `exactly one stack must be called ${name}`;
    throw new AssemblyError(`${wanted}; ${directory} has ${names}`);
  }
  return {
    stackName: stack.stackName,
    template: readText(join(stack.directory, stack.templateFile)),
    constructPaths: constructPaths(stack),
    fileAssets: fileAssets(stack.directory),
  };
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

/** The metadata that names constructs, in the manifest or in a file beside it. */
function constructPaths({ artifact, directory }: StackArtifact): ReadonlyMap<string, string> {
  const file = artifact['additionalMetadataFile'];
  const beside = file === undefined ? {} : readJson(join(directory, text(file, 'additionalMetadataFile')));
  const paths = new Map<string, string>();
  for (const [path, entries] of Object.entries({ ...object(artifact['metadata']), ...beside })) {
    for (const { type, data } of Array.isArray(entries) ? entries.map(object) : []) {
      if (type === 'aws:cdk:logicalId' && typeof data === 'string') paths.set(data, path.slice(1));
    }
  }
  return paths;
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
