import { AwsError } from '../../endpoint/api';
import type { Targets } from './state';

/** The other services that EventBridge uses. */
export interface TargetPorts {
  readonly functions: {
    invokeAsynchronously(functionArn: string, event: unknown): Promise<void>;
    assertMayInvoke(functionArn: string, principalService: string, sourceArn: string): void;
  };
  readonly topics: {
    publish(topicArn: string, message: string, by: { readonly service: string; readonly sourceArn: string }): void;
  };
}

const SERVICE = 'events.amazonaws.com';

/**
 * Invokes functions asynchronously, with Lambda's retries. Publishes events to topics as JSON. Has no retries of its
 * own, because EventBridge retries only errors that targets in the sandbox never return.
 */
export function targetsOf({ functions, topics }: TargetPorts): Targets {
  return {
    async deliver(targetArn, ruleArn, event) {
      const service = targetArn.split(':')[2];
      switch (service) {
        case 'lambda':
          functions.assertMayInvoke(targetArn, SERVICE, ruleArn);
          await functions.invokeAsynchronously(targetArn, event);
          return;
        case 'sns':
          topics.publish(targetArn, JSON.stringify(event), { service: SERVICE, sourceArn: ruleArn });
          return;
        default:
          throw new AwsError('ValidationException', `the sandbox does not support targets such as ${targetArn}`);
      }
    },
  };
}
