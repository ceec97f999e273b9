import { type Account, regionalArn } from '../../../account';
import { physicalName } from '../../../cloudformation/physical-name';
import type { ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import type { EventBuses } from '../state';

const MAX_BUS_NAME = 256;

/**
 * `AWS::Events::EventBus`
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-eventbus.html
 */
export function eventBusType(account: Account, buses: EventBuses): ResourceType {
  return {
    properties: { Name: 'createOnly', Description: 'mutable', Tags: 'mutable' },
    otherProperties: 'ignored',
    create: async (request) => {
      const name = String(request.properties.Name ?? physicalName(request, MAX_BUS_NAME));
      if (buses.names.has(name)) {
        throw new AwsError('ResourceAlreadyExistsException', `Event bus ${name} already exists.`);
      }
      buses.names.add(name);
      return { physicalId: name, attributes: { Arn: regionalArn(account, 'events', `event-bus/${name}`), Name: name } };
    },
    update: async (_request, resource) => resource,
    delete: async (_request, { physicalId }) => {
      buses.names.delete(physicalId);
    },
  };
}
