import type { AwsConnection } from './connection';
import { QueryCaller } from './query-caller';
import type { RetryPolicy } from './retry';
import { onlyElement } from './xml';

/** About thirteen seconds of delays: a rollback that is taken for a deployment gets stuck. */
const RETRY_POLICY: RetryPolicy = { attempts: 12, timeout: 3_000, backoff: { first: 50, longest: 5_000 } };

/**
 * The status of a stack that returns to its previous state after a failed update, by updates of its resources. Other
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
   * Whether the stack is returning to its state before a failed update. A custom resource can't recognize this by the
   * event, which is the same as for any update.
   */
  async isRollingBack(stackId: string, signal: AbortSignal): Promise<boolean> {
    const status = (xml: string) => onlyElement(xml, 'StackStatus');
    return (await this.caller.call('DescribeStacks', { StackName: stackId }, status, signal)) === ROLLING_BACK;
  }
}
