import type { AwsConnection } from './connection';
import { QueryCaller } from './query-caller';
import type { RetryPolicy } from './retry';
import { onlyElement } from './xml';

/** About thirteen seconds of delays: a rollback gets stuck when it can't be told from a deployment. */
const RETRY_POLICY: RetryPolicy = { attempts: 12, timeout: 3_000, backoff: { first: 50, longest: 5_000 } };

/**
 * The status of a stack that a failed update brings back to its previous state, by updates of its resources. The other
 * rollbacks delete resources.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
 */
const ROLLING_BACK = 'UPDATE_ROLLBACK_IN_PROGRESS';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html */
export class CloudFormation {
  private readonly caller: QueryCaller;

  constructor(connection: AwsConnection) {
    this.caller = new QueryCaller({
      service: { name: 'cloudformation', endpointVariable: 'CLOUDFORMATION' },
      version: '2010-05-15',
      connection,
      retryPolicy: RETRY_POLICY,
    });
  }

  /**
   * Whether the stack is on its way back to its state before a failed update. To a custom resource, the update that does
   * this looks like any other.
   */
  async isRollingBack(stackId: string, signal: AbortSignal): Promise<boolean> {
    const status = (xml: string) => onlyElement(xml, 'StackStatus');
    return (await this.caller.call('DescribeStacks', { StackName: stackId }, status, signal)) === ROLLING_BACK;
  }
}
