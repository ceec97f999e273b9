import type { AwsConnection } from './connection';
import { QueryCaller } from './query-caller';
import { onlyElement } from './xml';

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
export class Sts {
  private readonly caller: QueryCaller;

  constructor(connection: AwsConnection) {
    this.caller = new QueryCaller({
      service: { name: 'sts', endpointVariable: 'STS' },
      version: '2011-06-15',
      connection,
      retryPolicy: { attempts: 2, timeout: 5_000, backoff: { first: 100, longest: 1_000 } },
    });
  }

  /** ARN of the principal that the credentials belong to. */
  callerArn(signal: AbortSignal): Promise<string> {
    return this.caller.call('GetCallerIdentity', {}, (xml) => onlyElement(xml, 'Arn'), signal);
  }
}
