import type { Account } from '../account';
import type { AwsApi } from '../endpoint/api';
import { queryApi } from '../endpoint/query-protocol';
import type { Exports, OtherStacks } from './definition';
import { cloudFormationOperations, type DescribedStack } from './operations';
import { TemplateError } from './template';

/** The stacks of a sandbox, what they export to each other, and CloudFormation's API. */
export class Stacks implements OtherStacks {
  readonly api: AwsApi;
  private readonly stacks: DescribedStack[] = [];

  constructor(account: Account) {
    this.api = queryApi({
      signingName: 'cloudformation',
      version: '2010-05-15',
      namespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
      operations: cloudFormationOperations(account, () => this.stacks),
    });
  }

  add(stack: DescribedStack): void {
    this.stacks.push(stack);
  }

  importValue(exportName: string): string {
    for (const { exports } of this.stacks) {
      const value = exports.get(exportName);
      if (value !== undefined) return value;
    }
    throw new TemplateError(`No export named ${exportName} found.`);
  }

  output(stackName: string, outputName: string): string {
    const stack = this.find(stackName);
    const value = stack && Object.hasOwn(stack.outputs, outputName) ? stack.outputs[outputName] : undefined;
    if (value === undefined) throw new TemplateError(`stack ${stackName} has no output ${outputName}`);
    return value;
  }

  /** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html */
  checkExports(stackId: string, before: Exports, after: Exports): void {
    const others = this.stacks.filter(({ id }) => id !== stackId);
    for (const [name, value] of before) {
      const importer = after.get(name) === value ? undefined : others.find(({ imports }) => imports.has(name));
      if (importer === undefined) continue;
      const verb = after.has(name) ? 'updated' : 'deleted';
      throw new TemplateError(`Export ${name} cannot be ${verb} as it is in use by ${importer.name}`);
    }
    for (const name of after.keys()) {
      const owner = others.find(({ exports }) => exports.has(name));
      if (owner !== undefined)
        throw new TemplateError(`Export with name ${name} is already exported by stack ${owner.name}`);
    }
  }

  /** A deleted stack can only be found by its ID. */
  private find(nameOrId: string): DescribedStack | undefined {
    return this.stacks.find(
      ({ id, name, status }) => id === nameOrId || (name === nameOrId && status !== 'DELETE_COMPLETE'),
    );
  }
}
