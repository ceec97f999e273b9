import { CfnResource, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Whether a property of a construct contains the ID of an API. In another stack, the ID is the same token; in the API's own stack,
 * it may also be another reference to the same logical ID.
 */
export function contains(node: IConstruct, property: unknown, api: IConstruct, apiId: string): boolean {
  if (property === undefined) return false;
  if (JSON.stringify(property).includes(apiId)) return true;
  const stack = Stack.of(api);
  if (Stack.of(node) !== stack) return false;
  return JSON.stringify(stack.resolve(property)).includes(JSON.stringify(stack.resolve(apiId)));
}

interface ResourceClass<T> {
  readonly CFN_RESOURCE_TYPE_NAME: string;
  new (...args: never[]): T;
}

/** Whether a construct is a resource of a type, also of another copy of the CDK, which `instanceof` doesn't know. */
export function isResource<T extends CfnResource>(
  node: IConstruct | undefined,
  { CFN_RESOURCE_TYPE_NAME: type }: ResourceClass<T>,
): node is T {
  return node !== undefined && CfnResource.isCfnResource(node) && node.cfnResourceType === type;
}
