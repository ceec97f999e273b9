import type { ResourceType } from '../../cloudformation/resource-type';
import type { Service, Surroundings } from '../shared/service';
import { logGroupType } from './resources/log-group';
import { LogGroups, type LogListener } from './state';

/** Amazon CloudWatch Logs: the log groups of templates, and the lines that functions and gateways write. */
export class CloudWatchLogsService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  private readonly logGroups: LogGroups;

  constructor({ account }: Surroundings, onLine?: LogListener) {
    this.logGroups = new LogGroups(onLine);
    this.resourceTypes = { 'AWS::Logs::LogGroup': logGroupType(account, this.logGroups) };
  }

  /** Adds a line. Creates the group if it doesn't exist, as Lambda and API Gateway do on AWS. */
  append(logGroup: string, line: string): void {
    this.logGroups.append(logGroup, line);
  }

  /** Oldest first. Empty if the group doesn't exist. */
  lines(logGroup: string): readonly string[] {
    return this.logGroups.lines(logGroup);
  }

  /** The names of all groups. */
  groups(): readonly string[] {
    return this.logGroups.names();
  }
}
