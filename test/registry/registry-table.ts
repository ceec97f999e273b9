import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { MeshRegistry } from '../../lib';

/** The registry's table as its construct defines it. */
export function registryTable(): Omit<CreateTableCommandInput, 'TableName'> {
  const stack = new Stack(new App(), 'Mesh');
  new MeshRegistry(stack, 'Registry', { trustDomain: 'mesh.example.com' });
  const [table] = Object.values(Template.fromStack(stack).findResources('AWS::DynamoDB::Table'));
  const { AttributeDefinitions, BillingMode, GlobalSecondaryIndexes, KeySchema } = table?.['Properties'] ?? {};
  return { AttributeDefinitions, BillingMode, GlobalSecondaryIndexes, KeySchema };
}
