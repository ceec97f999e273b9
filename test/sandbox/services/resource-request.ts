import type { Properties, ResourceRequest, ResourceType } from '../../../sandbox/cloudformation/resource-type';
import type { Service } from '../../../sandbox/services/shared/service';

/** A request as the template interpreter makes it, for the resource `Thing` of the stack `mesh`. */
export function requestFor(properties: Properties): ResourceRequest {
  return {
    stackName: 'mesh',
    stackId: 'arn:aws:cloudformation:us-east-1:123456789012:stack/mesh/11111111-1111-1111-1111-111111111111',
    logicalId: 'Thing',
    properties,
  };
}

export function resourceType(service: Service, name: string): ResourceType {
  const type = service.resourceTypes[name];
  if (!type) throw new Error(`there is no resource type ${name}`);
  return type;
}
