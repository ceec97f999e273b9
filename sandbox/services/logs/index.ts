import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi } from '../../endpoint/api';
import { jsonApi } from '../../endpoint/json-protocol';
import type { Service, Surroundings } from '../shared/service';
import { logsOperations } from './operations';
import { logGroupType } from './resources/log-group';
import { LogGroups, type LogListener } from './state';

/** Amazon CloudWatch Logs: the log groups of templates, and the lines that functions and gateways write. */
export class CloudWatchLogsService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;
  private readonly logGroups: LogGroups;

  constructor({ account, clock }: Surroundings, onLine?: LogListener) {
    this.logGroups = new LogGroups(() => clock.now(), onLine);
    this.resourceTypes = { 'AWS::Logs::LogGroup': logGroupType(account, this.logGroups) };
    this.api = jsonApi({
      signingName: 'logs',
      targetPrefix: 'Logs_20140328',
      version: '1.1',
      operations: logsOperations(account, this.logGroups),
    });
  }

  /** Adds a line. Creates the group if it doesn't exist, as Lambda and API Gateway do on AWS. */
  append(logGroup: string, line: string, logStream?: string): void {
    this.logGroups.append(logGroup, line, logStream);
  }

  /** Oldest first. Empty if the group doesn't exist. */
  lines(logGroup: string): readonly string[] {
    return this.logGroups.lines(logGroup);
  }

  /** The names of all groups. */
  groups(): readonly string[] {
    return this.logGroups.all().map(({ name }) => name);
  }
}
