import { Stack } from 'aws-cdk-lib';
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
