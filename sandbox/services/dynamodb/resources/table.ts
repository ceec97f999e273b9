import { isDeepStrictEqual } from 'node:util';
import { physicalName } from '../../../cloudformation/physical-name';
import type { Properties, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { anything, boolean, integer, list, oneOf, optional, string, structure } from '../../shared/shape';
import { tagList } from '../../shared/tags';
import type { Tables } from '../state';

const MAX_TABLE_NAME = 255;

const keySchema = list(structure({ AttributeName: string({ min: 1, max: 255 }), KeyType: oneOf('HASH', 'RANGE') }), {
  min: 1,
  max: 2,
});
const throughput = structure({ ReadCapacityUnits: integer({ min: 1 }), WriteCapacityUnits: integer({ min: 1 }) });
const localIndex = { IndexName: string({ min: 3, max: 255 }), KeySchema: keySchema, Projection: anything };

/** The properties that CreateTable accepts unchanged. */
const definition = {
  KeySchema: keySchema,
  AttributeDefinitions: optional(anything),
  BillingMode: optional(oneOf('PROVISIONED', 'PAY_PER_REQUEST')),
  ProvisionedThroughput: optional(throughput),
  GlobalSecondaryIndexes: optional(list(structure({ ...localIndex, ProvisionedThroughput: optional(throughput) }))),
  LocalSecondaryIndexes: optional(list(structure(localIndex))),
};

const shape = structure({
  TableName: optional(string({ min: 3, max: MAX_TABLE_NAME })),
  ...definition,
  TimeToLiveSpecification: optional(structure({ AttributeName: optional(string({ max: 255 })), Enabled: boolean })),
  DeletionProtectionEnabled: optional(boolean),
  PointInTimeRecoverySpecification: optional(anything),
  SSESpecification: optional(anything),
  TableClass: optional(oneOf('STANDARD', 'STANDARD_INFREQUENT_ACCESS')),
  StreamSpecification: optional(anything),
  Tags: optional(tagList),
});

/** Properties that AWS changes in place. The sandbox would have to rebuild the table. */
const FIXED = ['AttributeDefinitions', 'BillingMode', 'GlobalSecondaryIndexes', 'ProvisionedThroughput'];

/**
 * `AWS::DynamoDB::Table`. Point-in-time recovery, encryption, class, and tags are accepted without effect.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-dynamodb-table.html
 */
export function tableType(tables: () => Tables): ResourceType {
  function configure(name: string, properties: Properties): void {
    const { TimeToLiveSpecification: timeToLive, DeletionProtectionEnabled } = shape(properties, '');
    const settings = tables().settings(name);
    settings.timeToLiveAttribute = timeToLive?.Enabled ? timeToLive.AttributeName : undefined;
    settings.isProtected = DeletionProtectionEnabled ?? false;
  }

  return {
    properties: {
      TableName: 'createOnly',
      KeySchema: 'createOnly',
      LocalSecondaryIndexes: 'createOnly',
      AttributeDefinitions: 'mutable',
      BillingMode: 'mutable',
      GlobalSecondaryIndexes: 'mutable',
      ProvisionedThroughput: 'mutable',
      TimeToLiveSpecification: 'mutable',
      DeletionProtectionEnabled: 'mutable',
      PointInTimeRecoverySpecification: 'mutable',
      SSESpecification: 'mutable',
      StreamSpecification: 'mutable',
      TableClass: 'mutable',
      Tags: 'mutable',
    },
    otherProperties: 'ignored',
    async create(request) {
      const given = shape(request.properties, '');
      const name = given.TableName ?? physicalName(request, MAX_TABLE_NAME);
      const wanted = Object.entries(given).filter(([property, value]) => property in definition && value !== undefined);
      await tables().create(name, Object.fromEntries(wanted));
      configure(name, request.properties);
      return { physicalId: name, attributes: { Arn: tables().arn(name) } };
    },
    attribute: ({ attributes }, { StreamSpecification }, attribute) =>
      attribute === 'StreamArn' && StreamSpecification !== undefined
        ? `${attributes.Arn}/stream/2026-01-01T00:00:00.000`
        : undefined,
    notices: ({ StreamSpecification }) => (StreamSpecification === undefined ? [] : ['delivers no stream']),
    async update({ properties }, resource, oldProperties) {
      const changed = FIXED.find((property) => !isDeepStrictEqual(properties[property], oldProperties[property]));
      if (changed !== undefined) {
        throw new AwsError('ValidationException', `the sandbox cannot change ${changed} of a table that exists`);
      }
      configure(resource.physicalId, properties);
      return resource;
    },
    async delete(_request, resource) {
      if (tables().has(resource.physicalId)) await tables().delete(resource.physicalId);
    },
  };
}
