import { randomBytes } from 'node:crypto';
import type { Resource, ResourceRequest, ResourceType } from './resource-type';
import type { Stack } from './stack';
import { isRecord, type Template, TemplateError } from './template';

export interface NestedStackSurroundings {
  /** A stack that doesn't exist yet, in the surroundings of its parent. */
  newStack(name: string, logicalId: string): Stack;
  /**
   * The template at a key of the asset bucket.
   * @throws TemplateError if there is none
   */
  readTemplate(objectKey: string, logicalId: string): Template;
}

/**
 * `AWS::CloudFormation::Stack`: a stack in a stack, whose template is an asset.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html
 */
export class NestedStacks {
  readonly resourceType: ResourceType;
  private readonly byId = new Map<string, { readonly logicalId: string; readonly stack: Stack }>();

  constructor(private readonly surroundings: NestedStackSurroundings) {
    this.resourceType = {
      properties: {
        NotificationARNs: 'mutable',
        Parameters: 'mutable',
        Tags: 'mutable',
        TemplateURL: 'mutable',
        TimeoutInMinutes: 'mutable',
      },
      create: (request) => this.create(request),
      update: (request, resource) => this.update(request, resource),
      delete: async (_request, resource) => {
        await this.byId.get(resource.physicalId)?.stack.delete();
        this.byId.delete(resource.physicalId);
      },
    };
  }

  /** The stacks that exist, with the logical IDs of their resources in the parent. */
  get all(): readonly { readonly logicalId: string; readonly stack: Stack }[] {
    return [...this.byId.values()];
  }

  private async create(request: ResourceRequest): Promise<Resource> {
    const { stackName, logicalId } = request;
    const template = this.templateOf(request);
    const stack = this.surroundings.newStack(
      `${stackName}-${logicalId}-${randomBytes(6).toString('hex').toUpperCase()}`,
      logicalId,
    );
    try {
      await stack.create(template, parametersOf(request));
    } catch (error) {
      // The rollback has deleted what the failed stack made.
      await stack.delete().catch(() => undefined);
      throw error;
    }
    this.byId.set(stack.id, { logicalId, stack });
    return asResource(stack);
  }

  private async update(request: ResourceRequest, { physicalId }: Resource): Promise<Resource> {
    const stack = this.byId.get(physicalId)?.stack;
    if (stack === undefined) throw new TemplateError(`there is no stack ${physicalId}`);
    await stack.update(this.templateOf(request), parametersOf(request));
    return asResource(stack);
  }

  private templateOf(request: ResourceRequest): Template {
    const { TemplateURL } = request.properties;
    const objectKey = String(TemplateURL).split('/').at(-1) ?? '';
    return this.surroundings.readTemplate(objectKey, request.logicalId);
  }
}

function asResource(stack: Stack): Resource {
  const outputs = Object.entries(stack.outputs).map(([name, value]) => [`Outputs.${name}`, value]);
  return { physicalId: stack.id, attributes: Object.fromEntries(outputs) };
}

/** A list becomes text that its elements are split from again. */
function parametersOf({ properties: { Parameters = {} } }: ResourceRequest): Readonly<Record<string, string>> {
  if (!isRecord(Parameters)) throw new TemplateError('the Parameters of a nested stack must be an object');
  const entries = Object.entries(Parameters).map(([name, value]) => [name, [value].flat().map(String).join(',')]);
  return Object.fromEntries(entries);
}
