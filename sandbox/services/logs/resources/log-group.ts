import { type Account, regionalArn } from '../../../account';
import { physicalName } from '../../../cloudformation/physical-name';
import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import type { LogGroups } from '../state';

/** `AWS::Logs::LogGroup`. A key is accepted without effect, because logs stay in memory. */
export function logGroupType(account: Account, groups: LogGroups): ResourceType {
  const describe = (name: string): Resource => ({
    physicalId: name,
    attributes: { Arn: regionalArn(account, 'logs', `log-group:${name}:*`) },
  });
  return {
    properties: {
      LogGroupName: 'createOnly',
      KmsKeyId: 'mutable',
      LogGroupClass: 'mutable',
      RetentionInDays: 'mutable',
      Tags: 'mutable',
    },
    otherProperties: 'ignored',
    create: async (request) => {
      const name = String(request.properties.LogGroupName ?? physicalName(request, 512));
      if (groups.has(name)) {
        throw new AwsError('ResourceAlreadyExistsException', `the log group ${name} already exists`);
      }
      groups.create(name).retentionDays = retentionIn(request.properties);
      return describe(name);
    },
    update: async ({ properties }, resource) => {
      groups.get(resource.physicalId).retentionDays = retentionIn(properties);
      return describe(resource.physicalId);
    },
    delete: async (_request, resource) => groups.delete(resource.physicalId),
  };
}

function retentionIn({ RetentionInDays }: Properties): number | undefined {
  return RetentionInDays === undefined ? undefined : Number(RetentionInDays);
}
