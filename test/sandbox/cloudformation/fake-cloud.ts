import { setTimeout } from 'node:timers/promises';
import { SANDBOX_ACCOUNT } from '../../../sandbox/account';
import { Clock } from '../../../sandbox/clock';
import type { StackEvent } from '../../../sandbox/cloudformation/event';
import type { Properties, ResourceType } from '../../../sandbox/cloudformation/resource-type';
import { Stack } from '../../../sandbox/cloudformation/stack';
import { Stacks } from '../../../sandbox/cloudformation/stacks';
import { readTemplate } from '../../../sandbox/cloudformation/template';

/**
 * A cloud with one type of resource, `Test::Thing`: `Name` is create-only, `Size` and `Needs` are mutable, `Ref` is
 * the name with a number, `Tag` an attribute.
 */
export class FakeCloud {
  /** Properties of all that exists, by physical id. */
  readonly things = new Map<string, Properties>();
  /** `create`, `update` or `delete` with the physical id, in the order in which they ended. */
  readonly calls: string[] = [];
  /** How often a call is yet to fail, by `<verb> <logical id>`. */
  readonly broken = new Map<string, number>();
  /** Most calls under way at one time. */
  mostAtOnce = 0;
  private underWay = 0;
  private made = 0;

  readonly thing: ResourceType = {
    properties: { Name: 'createOnly', Size: 'mutable', Needs: 'mutable' },
    create: ({ logicalId, properties }) =>
      this.act('create', logicalId, () => {
        this.made += 1;
        const physicalId = `${properties['Name'] ?? logicalId}-${this.made}`;
        this.things.set(physicalId, properties);
        return { physicalId, attributes: { Tag: `tag of ${physicalId}` } };
      }),
    update: ({ logicalId, properties }, resource) =>
      this.act('update', logicalId, () => {
        this.things.set(resource.physicalId, properties);
        return resource;
      }),
    delete: async ({ logicalId }, resource) => {
      await this.act('delete', logicalId, () => {
        this.things.delete(resource.physicalId);
        return resource;
      });
    },
  };

  /** The texts of secrets, by ID, and by ID and version. */
  readonly secrets = new Map<string, string>();
  /** The texts of SSM parameters, by name, and by name and version; those of secure ones after `secure`. */
  readonly parameters = new Map<string, string>();

  /** The stacks that know each other. */
  readonly stacks = new Stacks(SANDBOX_ACCOUNT);

  stack(
    options: {
      name?: string;
      onEvent?: (event: StackEvent) => void;
      otherTypes?: Record<string, ResourceType>;
      strict?: boolean;
    } = {},
  ): Stack {
    const types: Record<string, ResourceType> = { 'Test::Thing': this.thing, ...options.otherTypes };
    const stack = new Stack({
      name: options.name ?? 'Mesh',
      otherStacks: this.stacks,
      account: SANDBOX_ACCOUNT,
      clock: new Clock(),
      resourceType: (name) => types[name],
      references: {
        secret: ({ secretId, versionStage, versionId }) => {
          const text = this.secrets.get([secretId, versionStage ?? versionId].filter(Boolean).join(' '));
          if (text === undefined) throw new Error('no such secret');
          return text;
        },
        parameter: ({ name, version, isSecure }) => {
          const text = this.parameters.get([isSecure ? 'secure' : '', name, version].filter(Boolean).join(' '));
          if (text === undefined) throw new Error('no such parameter');
          return text;
        },
      },
      strict: options.strict,
      onEvent: options.onEvent,
    });
    this.stacks.add(stack);
    return stack;
  }

  private async act<T extends { physicalId: string }>(verb: string, logicalId: string, effect: () => T): Promise<T> {
    this.underWay += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.underWay);
    await setTimeout(1);
    this.underWay -= 1;
    const failures = this.broken.get(`${verb} ${logicalId}`) ?? 0;
    if (failures > 0) {
      this.broken.set(`${verb} ${logicalId}`, failures - 1);
      throw new Error(`${verb} of ${logicalId} is broken`);
    }
    const result = effect();
    this.calls.push(`${verb} ${result.physicalId}`);
    return result;
  }
}

/** A template of things: logical id to properties, or to all attributes of the resource when it has `Properties`. */
export function templateOf(things: Record<string, Record<string, unknown>>, sections: object = {}) {
  const resources = Object.entries(things).map(([logicalId, thing]) => {
    const attributes = 'Properties' in thing ? thing : { Properties: thing };
    return [logicalId, { Type: 'Test::Thing', ...attributes }];
  });
  return readTemplate(JSON.stringify({ Resources: Object.fromEntries(resources), ...sections }));
}
