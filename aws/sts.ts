import type { AwsConnection } from './connection';
import { QueryCaller } from './query-caller';
import { onlyElement } from './xml';

/** Temporary credentials of a role. */
export interface AssumedCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html */
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

  /**
   * Credentials of the role, for an hour.
   * @param sessionName of 2 to 64 letters, digits, and `+=,.@-_`, which CloudTrail of both accounts records
   */
  assumeRole(roleArn: string, sessionName: string, signal: AbortSignal): Promise<AssumedCredentials> {
    const input = { RoleArn: roleArn, RoleSessionName: sessionName };
    return this.caller.call('AssumeRole', input, assumedCredentials, signal);
  }
}

function assumedCredentials(xml: string): AssumedCredentials | undefined {
  const accessKeyId = onlyElement(xml, 'AccessKeyId');
  const secretAccessKey = onlyElement(xml, 'SecretAccessKey');
  const sessionToken = onlyElement(xml, 'SessionToken');
  const expiration = new Date(onlyElement(xml, 'Expiration') ?? '');
  if (!accessKeyId || !secretAccessKey || !sessionToken || Number.isNaN(expiration.getTime())) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken, expiration };
}
