import type { ResourceType } from '../../../cloudformation/resource-type';
import { randomText } from '../../shared/random-text';
import { anything, string, structure } from '../../shared/shape';

/** `AWS::Route53::HostedZone` */
export function hostedZoneType(): ResourceType {
  const read = structure({
    HostedZoneConfig: anything,
    HostedZoneTags: anything,
    Name: string({ min: 1, max: 1_024 }),
  });
  return {
    properties: { HostedZoneConfig: 'mutable', HostedZoneTags: 'mutable', Name: 'createOnly' },
    otherProperties: 'ignored',
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
