/** One line of a stack's history, in CloudFormation's words. */
export interface StackEvent {
  readonly timestamp: Date;
  /** The stack's own name for events of the stack as a whole. */
  readonly logicalId: string;
  /** Absent while the resource has none. */
  readonly physicalId?: string;
  /** `AWS::CloudFormation::Stack` for events of the stack as a whole. */
  readonly resourceType: string;
  readonly status: ResourceStatus | StackStatus;
  /** CloudFormation's `ResourceStatusReason`. */
  readonly reason?: string;
  /** The construct that made the resource, when the template says so. */
  readonly constructPath?: string;
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
  /** A policy in the template keeps the resource. */
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

/** A resource that could not be created, updated or deleted. */
export interface ResourceFailure {
  readonly logicalId: string;
  readonly resourceType: string;
  readonly constructPath?: string;
  readonly reason: string;
  readonly cause: unknown;
}

/** An operation on a stack failed. What it had done is rolled back as far as `status` says. */
export class StackFailure extends Error {
  override readonly name = 'StackFailure';

  constructor(
    readonly stackName: string,
    readonly status: StackStatus,
    /** The first one is the one that began it. Empty when the stack's outputs could not be worked out. */
    readonly failures: readonly ResourceFailure[],
    reason: string,
  ) {
    super(`stack ${stackName} is ${status}: ${reason}`, { cause: failures[0]?.cause });
  }
}
