import type { Account } from '../../../account';
import type { Properties, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { anything, boolean, list, optional, string, structure } from '../../shared/shape';

const index = structure({
  IndexName: anything,
  KeySchema: anything,
  Projection: anything,
  ReadOnDemandThroughputSettings: optional(anything),
  ReadProvisionedThroughputSettings: optional(anything),
  WriteOnDemandThroughputSettings: optional(anything),
  WriteProvisionedThroughputSettings: optional(anything),
  WarmThroughput: optional(anything),
});
/** Other settings of a replica have no effect in the sandbox. */
const replica = structure({ Region: string({ min: 1 }), DeletionProtectionEnabled: optional(boolean) });

/** The properties that mean the same for a table. */
const COMMON = [
  'TableName',
  'KeySchema',
  'AttributeDefinitions',
  'LocalSecondaryIndexes',
  'TimeToLiveSpecification',
  'StreamSpecification',
  'SSESpecification',
];

/**
 * `AWS::DynamoDB::GlobalTable`, which is `TableV2` of the CDK: the table of the replica in the sandbox's Region. Capacity is not
 * limited.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
 */
export function globalTableType({ region }: Account, table: ResourceType): ResourceType {
  const tableProperties = (properties: Properties): Properties => asTable(properties, region);
  return {
    properties: {
      TableName: 'createOnly',
      KeySchema: 'createOnly',
      LocalSecondaryIndexes: 'createOnly',
      AttributeDefinitions: 'mutable',
      BillingMode: 'mutable',
      GlobalSecondaryIndexes: 'mutable',
      Replicas: 'mutable',
      TimeToLiveSpecification: 'mutable',
      SSESpecification: 'mutable',
      StreamSpecification: 'mutable',
    },
    otherProperties: 'ignored',
    create: async (request) => table.create({ ...request, properties: tableProperties(request.properties) }),
    update: async (request, resource, oldProperties) =>
      table.update(
        { ...request, properties: tableProperties(request.properties) },
        resource,
        tableProperties(oldProperties),
      ),
    delete: (request, resource) => table.delete(request, resource),
    attribute: (resource, properties, name) => table.attribute?.(resource, properties, name),
    notices: (properties) => [
      ...(table.notices?.(properties) ?? []),
      ...replicasIn(properties)
        .filter((one) => one.Region !== region)
        .map((one) => `has no replica in ${one.Region}`),
    ],
  };
}

function asTable(properties: Properties, region: string): Properties {
  const own = replicasIn(properties).find((one) => one.Region === region);
  if (own === undefined) {
    throw new AwsError('ValidationException', `the table must have a replica in ${region}, the Region of the sandbox`);
  }
  const indexes = optional(list(index))(properties['GlobalSecondaryIndexes'], 'GlobalSecondaryIndexes');
  return {
    ...Object.fromEntries(COMMON.filter((name) => name in properties).map((name) => [name, properties[name]])),
    BillingMode: 'PAY_PER_REQUEST',
    DeletionProtectionEnabled: own.DeletionProtectionEnabled ?? false,
    ...(indexes && {
      GlobalSecondaryIndexes: indexes.map(({ IndexName, KeySchema, Projection }) => ({
        IndexName,
        KeySchema,
        Projection,
      })),
    }),
  };
}

function replicasIn({ Replicas }: Properties) {
  return list(
    (value: unknown, path: string) => {
      const { Region, DeletionProtectionEnabled } = Object(value) as Properties;
      return replica({ Region, DeletionProtectionEnabled }, path);
    },
    { min: 1 },
  )(Replicas, 'Replicas');
}
