import type { Account } from '../../account';
import type { Clock } from '../../clock';
import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi } from '../../endpoint/api';

/** An emulated AWS service: its resource types and its API. */
export interface Service {
  /** By CloudFormation type name. A deployment with any other type fails with its name. */
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  /** Absent if the functions of the library never call the service. */
  readonly api?: AwsApi;
  /** Stops everything that the service started: listeners, child processes, and timers. */
  close?(): Promise<void>;
}

/** The environment of every service. */
export interface Surroundings {
  readonly account: Account;
  readonly clock: Clock;
}
