import { type Account, regionalArn } from '../../account';
import type { Resource, ResourceType } from '../../cloudformation/resource-type';
import { AwsError } from '../../endpoint/api';
import { physicalName } from '../physical-name';
import type { Service, Surroundings } from '../service';

/** A sandbox that stays up keeps the newest lines of each group, whatever the group's retention. */
const MAX_LINES = 10_000;

/** CloudWatch Logs: the groups that a template makes, and what functions and gateways write into them. */
export class CloudWatchLogs implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  private readonly linesByGroup = new Map<string, string[]>();

  constructor(surroundings: Surroundings) {
    this.resourceTypes = { 'AWS::Logs::LogGroup': this.logGroupType(surroundings.account) };
  }

  /** Adds a line; a group that no template made comes to be, as Lambda and API Gateway make theirs on AWS. */
  append(logGroup: string, line: string): void {
    const lines = this.linesByGroup.get(logGroup) ?? [];
    this.linesByGroup.set(logGroup, lines);
    lines.push(line);
    if (lines.length > MAX_LINES) lines.shift();
  }

  /** Oldest first; none when there is no such group. */
  lines(logGroup: string): readonly string[] {
    return this.linesByGroup.get(logGroup) ?? [];
  }

  /** Names of all groups. */
  groups(): readonly string[] {
    return [...this.linesByGroup.keys()];
  }

  private logGroupType(account: Account): ResourceType {
    const describe = (name: string): Resource => ({
      physicalId: name,
      attributes: { Arn: regionalArn(account, 'logs', `log-group:${name}:*`) },
    });
    return {
      properties: {
        LogGroupName: 'createOnly',
        LogGroupClass: 'mutable',
        RetentionInDays: 'mutable',
        Tags: 'mutable',
      },
      create: async (request) => {
        const name = String(request.properties.LogGroupName ?? physicalName(request, 512));
        if (this.linesByGroup.has(name)) {
          throw new AwsError('ResourceAlreadyExistsException', `the log group ${name} exists already`);
        }
        this.linesByGroup.set(name, []);
        return describe(name);
      },
      update: async (_request, resource) => describe(resource.physicalId),
      delete: async (_request, resource) => {
        this.linesByGroup.delete(resource.physicalId);
      },
    };
  }
}
