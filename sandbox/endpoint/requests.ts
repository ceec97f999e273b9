import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Clock } from '../clock';
import type { CallFault, FaultyCall } from '../faults';
import { type AwsAnswer, type AwsApi, type AwsCall, AwsError, type Caller } from './api';
import { type CallLog, outcomeOf } from './call-log';
import { strike } from './faulty-call';
import { RESPONSES_PATH } from './paths';
import { rejection } from './rejection';
import { readSignature, type SignedRequest, verifySignature } from './signature';

/** Who signed a request, and what they may do. */
interface Authority {
  principalOf(accessKeyId: string): string | undefined;
  secretAccessKeyOf(accessKeyId: string): string | undefined;
  /** Throws `AccessDenied`. */
  authorize(principalArn: string, ...call: Parameters<AwsCall['authorize']>): void;
}

export interface RequestsOptions {
  readonly apis: readonly AwsApi[];
  readonly iam: Authority;
  readonly clock: Clock;
  /** Is asked about every call. */
  readonly faults: { ofCall(service: string, operation: string, call: FaultyCall): CallFault | undefined };
  readonly calls: Pick<CallLog, 'record'>;
  /** Ends the function process that signs with the access key, if one does. */
  killProcessOf(accessKeyId: string): Promise<void>;
  /**
   * Lets time pass at once for the function process that made a call; `eventText` finds it when the call is not signed.
   * Absent where no functions run.
   */
  letTimePass?(
    caller: { readonly accessKeyId?: string | undefined; readonly eventText: string },
    milliseconds: number,
  ): Promise<void>;
  /** Takes what a custom resource's function puts to its response URL; false when nobody waits for it. */
  receiveCustomResourceResponse(token: string, body: Buffer): boolean;
}

/** A call on its way: who made it, what it asks, and how it is carried out. */
interface Call {
  readonly service: string;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Absent for a custom resource's answer. */
  readonly caller?: Caller;
  readonly request: SignedRequest;
  carryOut(): Promise<AwsAnswer>;
}

/** More than any call that the library makes. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Tells requests apart, has them carried out, and answers them. */
export class Requests {
  private readonly apis: ReadonlyMap<string, AwsApi>;

  constructor(private readonly options: RequestsOptions) {
    this.apis = new Map(options.apis.map((api) => [api.signingName, api]));
  }

  async serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    try {
      const answer = await this.receive(incoming);
      if (answer === undefined) return;
      // SDKs take the time from it when they find that their own clock is wrong.
      outgoing.setHeader('date', this.options.clock.now().toUTCString());
      outgoing.writeHead(answer.status, answer.headers as OutgoingHttpHeaders | undefined);
      outgoing.end(answer.body);
    } catch {
      // The caller went away in the middle of its request.
      outgoing.destroy();
    }
  }

  /** Undefined when there is to be none. */
  async answer(request: SignedRequest): Promise<AwsAnswer | undefined> {
    if (request.method === 'PUT' && request.path.startsWith(RESPONSES_PATH)) {
      return this.run(this.customResourceAnswer(request));
    }
    let call: Call;
    try {
      call = this.awsCall(request);
    } catch (error) {
      return rejection(error, request);
    }
    return this.run(call);
  }

  private async receive(incoming: IncomingMessage): Promise<AwsAnswer | undefined> {
    // A name that somebody else's DNS points at loopback is not ours: a web page could speak through it.
    const { host = '' } = incoming.headers;
    if (!/^(127\.0\.0\.1|localhost):\d+$/.test(host)) return { status: 421, body: 'this host is not served here\n' };
    const body = await readBody(incoming);
    if (body === undefined) return { status: 413, headers: { connection: 'close' }, body: 'the body is too large\n' };

    const { method = '', url = '/' } = incoming;
    const [path = '', ...query] = url.split('?');
    return this.answer({ method, path, query: query.join('?'), headers: plainHeaders(incoming), body });
  }

  private customResourceAnswer(request: SignedRequest): Call {
    const token = request.path.slice(RESPONSES_PATH.length);
    return {
      service: 'cloudformation',
      operation: 'CustomResourceAnswer',
      input: documentIn(request.body),
      request,
      carryOut: async () => {
        const isReceived = this.options.receiveCustomResourceResponse(token, request.body);
        return { status: isReceived ? 200 : 404 };
      },
    };
  }

  /** @throws AwsError unless it is signed by somebody who is known, for a service that is known */
  private awsCall(request: SignedRequest): Call {
    const { iam } = this.options;
    const { api, caller } = this.authenticate(request);
    const call: AwsCall = {
      ...request,
      query: new URLSearchParams(request.query),
      caller,
      authorize: (...authorization) => iam.authorize(caller.principalArn, ...authorization),
    };
    return { service: api.signingName, ...api.describe(call), caller, request, carryOut: () => api.handle(call) };
  }

  private async run({ service, operation, input, caller, request, carryOut }: Call): Promise<AwsAnswer | undefined> {
    const { calls, clock, faults, killProcessOf, letTimePass } = this.options;
    const at = clock.now();
    const principal = caller?.principalArn;
    const fault = faults.ofCall(service, operation, { principal, input });
    const answer = await (fault === undefined
      ? carryOut()
      : strike(fault, {
          carryOut,
          refuse: (error) => rejection(error, request),
          killCaller: async () => caller && killProcessOf(caller.accessKeyId),
          after: async (milliseconds, work) => {
            const due = new Date(clock.now().getTime() + milliseconds);
            await letTimePass?.({ accessKeyId: caller?.accessKeyId, eventText: request.path }, milliseconds);
            return clock.resultAt(due, work);
          },
        }));
    calls.record({ at, service, operation, principal, outcome: outcomeOf(answer), fault: fault?.fault });
    return answer;
  }

  private authenticate(request: SignedRequest): { readonly api: AwsApi; readonly caller: Caller } {
    const { iam, clock } = this.options;
    const signature = readSignature(request);
    const principalArn = iam.principalOf(signature.accessKeyId);
    const secretAccessKey = iam.secretAccessKeyOf(signature.accessKeyId);
    if (principalArn === undefined || secretAccessKey === undefined) {
      throw new AwsError('UnrecognizedClientException', 'the access key is not one that this sandbox gave', 403);
    }
    verifySignature(request, signature, secretAccessKey, clock.now());
    const api = this.apis.get(signature.service);
    if (api === undefined) {
      const operation = request.headers['x-amz-target'] ?? `${request.method} ${request.path}`;
      throw new AwsError('UnknownService', `the sandbox does not know the service ${signature.service} (${operation})`);
    }
    return { api, caller: { principalArn, accessKeyId: signature.accessKeyId } };
  }
}

/** Empty unless it is a JSON object. */
function documentIn(body: Buffer): Call['input'] {
  try {
    return Object(JSON.parse(body.toString('utf8')));
  } catch {
    return {};
  }
}

function plainHeaders(incoming: IncomingMessage): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
}

/** Undefined when there is more than a body may have; the rest is then left unread. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
