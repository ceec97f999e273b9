import type { Resource, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { anything, list, oneOf, optional, string, structure } from '../../shared/shape';

/** `AWS::Route53::RecordSet` */
export function recordSetType(): ResourceType {
  const read = structure({
    AliasTarget: optional(
      structure({ DNSName: string(), EvaluateTargetHealth: anything, HostedZoneId: string({ min: 1, max: 32 }) }),
    ),
    Comment: optional(string()),
    HostedZoneId: optional(string({ min: 1, max: 32 })),
    HostedZoneName: optional(string()),
    Name: string({ min: 1, max: 1_024 }),
    ResourceRecords: optional(list(string())),
    TTL: anything,
    Type: oneOf('A', 'AAAA', 'CNAME', 'TXT'),
  });
  const record = (properties: unknown): Resource => {
    const { Name, AliasTarget, ResourceRecords } = read(properties, '');
    if ((AliasTarget === undefined) === (ResourceRecords === undefined)) {
      throw new AwsError('InvalidInput', `the record set ${Name} must have either AliasTarget or ResourceRecords`);
    }
    return { physicalId: Name, attributes: {} };
  };
  return {
    properties: {
      AliasTarget: 'mutable',
      Comment: 'mutable',
      HostedZoneId: 'createOnly',
      HostedZoneName: 'createOnly',
      Name: 'createOnly',
      ResourceRecords: 'mutable',
      TTL: 'mutable',
      Type: 'mutable',
    },
    create: async ({ properties }) => record(properties),
    update: async ({ properties }) => record(properties),
    delete: async () => undefined,
  };
}
