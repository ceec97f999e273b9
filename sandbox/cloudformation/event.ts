/** An event of a stack. */
export interface StackEvent {
  readonly timestamp: Date;
  /** The name of the stack for events of the stack itself. */
  readonly logicalId: string;
  /** Absent if the resource has no physical ID yet. */
  readonly physicalId?: string;
  /** `AWS::CloudFormation::Stack` for events of the stack itself. */
  readonly resourceType: string;
  readonly status: ResourceStatus | StackStatus;
  /** CloudFormation's `ResourceStatusReason`. */
  readonly reason?: string;
  /** The path of the construct of the resource, if the template contains it. */
  readonly constructPath?: string;
}

/** An event that the stack keeps. */
export interface RecordedEvent extends StackEvent {
  readonly id: string;
}

export type ResourceStatus =
  | 'CREATE_IN_PROGRESS'
  | 'CREATE_COMPLETE'
  | 'CREATE_FAILED'
  | 'UPDATE_IN_PROGRESS'
  | 'UPDATE_COMPLETE'
  | 'UPDATE_FAILED'
  | 'DELETE_IN_PROGRESS'
  | 'DELETE_COMPLETE'
  | 'DELETE_FAILED'
  /** A policy in the template retains the resource. */
  | 'DELETE_SKIPPED';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html */
export type StackStatus =
  | 'CREATE_IN_PROGRESS'
  | 'CREATE_COMPLETE'
  | 'ROLLBACK_IN_PROGRESS'
  | 'ROLLBACK_COMPLETE'
  | 'ROLLBACK_FAILED'
  | 'UPDATE_IN_PROGRESS'
  | 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'
  | 'UPDATE_COMPLETE'
  | 'UPDATE_ROLLBACK_IN_PROGRESS'
  | 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'
  | 'UPDATE_ROLLBACK_COMPLETE'
  | 'UPDATE_ROLLBACK_FAILED'
  | 'DELETE_IN_PROGRESS'
  | 'DELETE_COMPLETE'
  | 'DELETE_FAILED';

/** A resource could not be created, updated, or deleted. */
export interface ResourceFailure {
  readonly logicalId: string;
  readonly resourceType: string;
  readonly constructPath?: string;
  readonly reason: string;
  readonly cause: unknown;
}

/** An operation on a stack failed. `status` says how far it was rolled back. */
export class StackFailure extends Error {
  override readonly name = 'StackFailure';

  constructor(
    readonly stackName: string,
    readonly status: StackStatus,
    /** The first failure is the cause of the others. Empty if the outputs of the stack couldn't be resolved. */
    readonly failures: readonly ResourceFailure[],
    reason: string,
  ) {
    super(`stack ${stackName} is ${status}: ${reason}`, { cause: failures[0]?.cause });
  }
}
