import type { Resource, ResourceType } from '../../cloudformation/resource-type';
import { AwsError } from '../../endpoint/api';
import { randomText } from '../random-text';
import type { Service } from '../service';
import { anything, list, oneOf, optional, string, structure } from '../shape';

/** Route 53: zones and records are checked as they are made; no resolver ever answers from them. */
export class Route53 implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>> = {
    'AWS::Route53::HostedZone': hostedZoneType(),
    'AWS::Route53::RecordSet': recordSetType(),
  };
}

function recordSetType(): ResourceType {
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

function hostedZoneType(): ResourceType {
  const read = structure({
    HostedZoneConfig: anything,
    HostedZoneTags: anything,
    Name: string({ min: 1, max: 1_024 }),
  });
  return {
    properties: { HostedZoneConfig: 'mutable', HostedZoneTags: 'mutable', Name: 'createOnly' },
    create: async ({ properties }) => {
      const { Name } = read(properties, '');
      const id = `Z${randomText(20).toUpperCase()}`;
      const nameServers = [1, 2, 3, 4].map((server) => `ns-${server}.${Name.replace(/\.$/, '')}`);
      return { physicalId: id, attributes: { Id: id, NameServers: nameServers } };
    },
    update: async (_request, resource) => resource,
    delete: async () => undefined,
  };
}
