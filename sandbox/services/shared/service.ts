import type { Account } from '../../account';
import type { Clock } from '../../clock';
import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi } from '../../endpoint/api';

/** One emulated AWS service: what templates may create of it, and what callers may ask it on the wire. */
export interface Service {
  /** By CloudFormation type name. A type that no service lists makes a deployment fail by that name. */
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  /** Absent when the library's functions never call the service. */
  readonly api?: AwsApi;
  /** Ends everything that the service started: listeners, child processes, timers. */
  close?(): Promise<void>;
}

/** What every service is made with. */
export interface Surroundings {
  readonly account: Account;
  readonly clock: Clock;
}
