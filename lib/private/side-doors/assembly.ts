import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CfnElement, CfnResource, type Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { type NestedTemplate, type Template, Templates } from './templates';

/**
 * The templates of an app or a stage, as its constructs would write them now.
 *
 * @param isWanted which types of resources to read. Nested stacks are always read.
 */
export function templatesOf(assembly: IConstruct, isWanted: (type: string) => boolean): Templates {
  const ofStack = new Map<Stack, Writable>();
  for (const node of assembly.node.findAll()) {
    if (!CfnElement.isCfnElement(node)) continue;
    if (CfnResource.isCfnResource(node) && !(isWanted(node.cfnResourceType) || node.cfnResourceType === STACK))
      continue;
    const { stack } = node;
    const template = ofStack.get(stack) ?? {
      id: stack.node.path,
      stackName: stack.stackName,
      Resources: {},
      Outputs: {},
    };
    ofStack.set(stack, template);
    // After all overrides, as CloudFormation gets it.
    const { Resources, Outputs } = stack.resolve(node._toCloudFormation()) as Partial<Template>;
    for (const [logicalId, resource] of Object.entries(Resources ?? {})) {
      const Metadata = { 'aws:cdk:path': node.node.path, ...resource.Metadata };
      template.Resources[logicalId] = { ...resource, Metadata };
    }
    Object.assign(template.Outputs, Outputs);
  }
  const nested = [...ofStack].flatMap(([stack, template]) => {
    const parent = stack.nestedStackParent && ofStack.get(stack.nestedStackParent);
    const resource = stack.nestedStackResource as CfnResource | undefined;
    return parent && resource ? [{ template, parent, logicalId: String(stack.resolve(resource.logicalId)) }] : [];
  });
  return new Templates([...ofStack.values()], nested);
}

/** The templates in the files of a cloud assembly, with those of their nested stacks. */
export function templatesIn(paths: readonly string[]): Templates {
  const templates: Template[] = [];
  const nested: NestedTemplate[] = [];
  const read = (path: string, stackName?: string): Template => {
    const template: Template = { ...readJson<Template>(path), id: path, stackName };
    templates.push(template);
    for (const [logicalId, { Type, Properties }] of Object.entries(template.Resources ?? {})) {
      const file = Type === STACK ? assetIn(dirname(path), Properties?.['TemplateURL']) : undefined;
      if (file !== undefined) nested.push({ template: read(file), parent: template, logicalId });
    }
    return template;
  };
  for (const path of new Set(paths)) read(path, stackNameOf(path));
  return new Templates(templates, nested);
}

const STACK = 'AWS::CloudFormation::Stack';

interface Writable extends Template {
  readonly Resources: Record<string, NonNullable<Template['Resources']>[string]>;
  readonly Outputs: Record<string, NonNullable<Template['Outputs']>[string]>;
}

/** From the manifest of the assembly. A reference to an output of another stack contains the name of the stack. */
function stackNameOf(path: string): string | undefined {
  const manifest = join(dirname(path), 'manifest.json');
  if (!existsSync(manifest)) return undefined;
  const { artifacts } = readJson<{
    readonly artifacts: Readonly<
      Record<string, { readonly properties?: { readonly templateFile?: string; readonly stackName?: string } }>
    >;
  }>(manifest);
  const found = Object.entries(artifacts).find(([, { properties }]) => properties?.templateFile === basename(path));
  return found && (found[1].properties?.stackName ?? found[0]);
}

/** The file of an asset whose URL ends with its hash. The manifests of assets name the files. */
function assetIn(directory: string, url: unknown): string | undefined {
  const [, hash = ''] = /\b([0-9a-f]{64})\.json"/.exec(JSON.stringify(url)) ?? [];
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.assets.json'))) {
    const { files = {} } = readJson<{
      readonly files?: Readonly<Record<string, { readonly source: { readonly path?: string } }>>;
    }>(join(directory, name));
    const path = files[hash]?.source.path;
    if (path !== undefined) return join(directory, path);
  }
  return undefined;
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
