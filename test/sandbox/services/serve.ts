import { Clock } from '../../../sandbox/clock';
import {
  AccessDenied,
  type AwsAnswer,
  type AwsApi,
  type ConditionKeys,
  type PolicyDocument,
} from '../../../sandbox/endpoint/api';
import { CallLog } from '../../../sandbox/endpoint/call-log';
import type { ServedAccount } from '../../../sandbox/endpoint/requests';
import { Endpoint } from '../../../sandbox/endpoint/server';
import { Faults } from '../../../sandbox/faults';

interface Authorization {
  readonly action: string;
  readonly resource: string;
  readonly conditionKeys?: ConditionKeys | undefined;
  readonly resourcePolicy?: PolicyDocument | undefined;
}

export interface Served {
  /** What the service asked to be authorized, oldest first. */
  readonly authorizations: Authorization[];
  /** Actions that are denied from now on. */
  readonly denied: Set<string>;
  /** For an SDK client: endpoint, region, credentials and no retries. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: number;
  };
  close(): Promise<void>;
}

/** One service behind the sandbox's endpoint, with policies that the test sets by hand. */
export async function serve(api: AwsApi): Promise<Served> {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  const authorizations: Authorization[] = [];
  const denied = new Set<string>();

  const iam: ServedAccount['iam'] = {
    accountId: '123456789012',
    principalOf: () => 'arn:aws:iam::123456789012:role/tester',
    secretAccessKeyOf: () => credentials.secretAccessKey,
    authorize(_principalArn, action, resource, conditionKeys, resourcePolicy) {
      authorizations.push({ action, resource, conditionKeys, resourcePolicy });
      if (denied.has(action)) throw new AccessDenied(`not authorized to perform: ${action} on resource: ${resource}`);
    },
  };
  const endpoint = await Endpoint.listen();
  endpoint.serve({
    clock: new Clock(),
    faults: new Faults(),
    calls: new CallLog(),
    killProcessOf: async () => undefined,
    receiveCustomResourceResponse: () => false,
    accounts: [{ apis: [api], iam }],
  });

  return {
    authorizations,
    denied,
    client: { endpoint: endpoint.url, region: 'us-east-1', credentials, maxAttempts: 1 },
    close: () => endpoint.close(),
  };
}

interface RawCall {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request that no SDK would send, as the endpoint hands it on once the signature is verified; all is allowed. */
export function send(
  api: AwsApi,
  { method = 'POST', path = '/', query = '', headers = {}, body = '' }: RawCall,
): Promise<AwsAnswer> {
  return api.handle({
    method,
    path,
    query: new URLSearchParams(query),
    headers,
    body: Buffer.from(body),
    caller: { principalArn: 'arn:aws:iam::123456789012:role/tester', accessKeyId: 'AKIDEXAMPLE' },
    authorize: () => undefined,
  });
}
