import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Clock } from '../clock';
import type { CallFault, FaultyCall } from '../faults';
import {
  type AwsAnswer,
  type AwsApi,
  type AwsCall,
  AwsError,
  type Caller,
  type ConditionKeys,
  type PolicyDocument,
} from './api';
import { type CallLog, outcomeOf } from './call-log';
import { strike } from './faulty-call';
import { RESPONSE_HOST, RESPONSES_PATH } from './paths';
import { rejection } from './rejection';
import { readSignature, type SignedRequest, verifySignature } from './signature';
import { type UnknownService, unknownService } from './unknown-service';

/** The principals of an account and their permissions. */
interface Authority {
  readonly accountId: string;
  /** @throws AwsError if the credentials have expired */
  principalOf(accessKeyId: string): string | undefined;
  secretAccessKeyOf(accessKeyId: string): string | undefined;
  /**
   * @param resourceAccount the ID of the account that the resource belongs to
   * @throws AccessDenied
   */
  authorize(
    principalArn: string,
    action: string,
    resource: string,
    conditionKeys: ConditionKeys | undefined,
    resourcePolicy: PolicyDocument | undefined,
    resourceAccount: string,
  ): void;
}

/** What an account has at the endpoint. */
export interface ServedAccount {
  readonly apis: readonly AwsApi[];
  readonly iam: Authority;
}

export interface RequestsOptions {
  /** The accounts at the moment. Each access key belongs to one of them. */
  readonly accounts: readonly ServedAccount[];
  /** Another emulator, which answers for all other services. Without it, their calls fail by name. */
  readonly fallback?: URL | undefined;
  readonly clock: Clock;
  /** Called for every call. */
  readonly faults: { ofCall(service: string, operation: string, call: FaultyCall): CallFault | undefined };
  readonly calls: Pick<CallLog, 'record'>;
  /** Kills the function process with the access key, if there is one. */
  killProcessOf(accessKeyId: string): Promise<void>;
  /**
   * Makes time pass immediately for the function process that made a call. Finds it by `eventText` if the call isn't
   * signed. Absent if there are no functions.
   */
  letTimePass?(
    caller: { readonly accessKeyId?: string | undefined; readonly eventText: string },
    milliseconds: number,
  ): Promise<void>;
  /** Receives the answer of a custom resource. Returns false if no operation waits for it. */
  receiveCustomResourceResponse(token: string, body: Buffer): boolean;
}

/** A call: its caller, its operation, and how to execute it. */
interface Call {
  readonly service: string;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Absent for the answer of a custom resource. */
  readonly caller?: Caller;
  readonly request: SignedRequest;
  carryOut(): Promise<AwsAnswer>;
}

/** Larger than any call of the library. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

const RESPONSE_HOST_HEADER = new RegExp(`^${RESPONSE_HOST.replaceAll('.', '\\.')}(:443)?$`);

/** Dispatches requests and answers them. */
export class Requests {
  private readonly unknownService: UnknownService;

  constructor(private readonly options: RequestsOptions) {
    this.unknownService = unknownService(options.fallback);
  }

  /** Answers a call of AWS. */
  serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // Rejects host names that foreign DNS resolves to loopback, because a web page could call the sandbox through them.
    return this.exchange(incoming, outgoing, /^(127\.0\.0\.1|localhost):\d+$/, (request) => this.answer(request));
  }

  /** Takes the answer of a custom resource. */
  serveResponseHost(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    return this.exchange(incoming, outgoing, RESPONSE_HOST_HEADER, (request) => this.takeResponse(request));
  }

  private async exchange(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    hosts: RegExp,
    answerTo: (request: SignedRequest) => Promise<AwsAnswer | undefined>,
  ): Promise<void> {
    try {
      const answer = hosts.test(incoming.headers.host ?? '')
        ? await this.receive(incoming, answerTo)
        : { status: 421, body: 'this host is not served here\n' };
      if (answer === undefined) return;
      // SDKs correct their clock by this header.
      outgoing.setHeader('date', this.options.clock.now().toUTCString());
      outgoing.writeHead(answer.status, answer.headers as OutgoingHttpHeaders | undefined);
      outgoing.end(answer.body);
    } catch {
      // The caller closed the connection during its request.
      outgoing.destroy();
    }
  }

  /** Undefined if the request isn't answered. */
  async answer(request: SignedRequest): Promise<AwsAnswer | undefined> {
    let call: Call;
    try {
      call = this.awsCall(request);
    } catch (error) {
      return rejection(error, request);
    }
    return this.run(call);
  }

  private async receive(
    incoming: IncomingMessage,
    answerTo: (request: SignedRequest) => Promise<AwsAnswer | undefined>,
  ): Promise<AwsAnswer | undefined> {
    const body = await readBody(incoming);
    if (body === undefined) return { status: 413, headers: { connection: 'close' }, body: 'the body is too large\n' };

    const { method = '', url = '/' } = incoming;
    const [path = '', ...query] = url.split('?');
    return answerTo({ method, path, query: query.join('?'), headers: plainHeaders(incoming), body });
  }

  /** Undefined if the request isn't answered. */
  private async takeResponse(request: SignedRequest): Promise<AwsAnswer | undefined> {
    if (request.method !== 'PUT' || !request.path.startsWith(RESPONSES_PATH)) return { status: 403 };
    return this.run(this.customResourceAnswer(request));
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

  /** @throws AwsError unless a known principal signed the request */
  private awsCall(request: SignedRequest): Call {
    const { service, caller, account } = this.authenticate(request);
    const unsigned = { ...request, query: new URLSearchParams(request.query) };
    const owner = this.options.accounts.find((one) => apiOf(one, service)?.owns?.(unsigned)) ?? account;
    const api = apiOf(owner, service);
    if (api === undefined) {
      const operation = this.unknownService.operationOf(request);
      const carryOut = () => this.unknownService.answer(service, request);
      return { service, operation, input: documentIn(request.body), caller, request, carryOut };
    }
    const call: AwsCall = {
      ...unsigned,
      caller,
      authorize: (action, resource, conditionKeys, resourcePolicy) => {
        const { principalArn } = caller;
        account.iam.authorize(principalArn, action, resource, conditionKeys, resourcePolicy, owner.iam.accountId);
      },
    };
    return { service, ...api.describe(call), caller, request, carryOut: () => api.handle(call) };
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

  private authenticate(request: SignedRequest) {
    const signature = readSignature(request);
    const { accessKeyId, service } = signature;
    const account = this.options.accounts.find(({ iam }) => iam.principalOf(accessKeyId) !== undefined);
    const principalArn = account?.iam.principalOf(accessKeyId);
    const secretAccessKey = account?.iam.secretAccessKeyOf(accessKeyId);
    if (account === undefined || principalArn === undefined || secretAccessKey === undefined) {
      throw new AwsError('UnrecognizedClientException', 'the access key is not one that this sandbox gave', 403);
    }
    verifySignature(request, signature, secretAccessKey, this.options.clock.now());
    return { service, account, caller: { principalArn, accessKeyId } };
  }
}

function apiOf({ apis }: ServedAccount, service: string): AwsApi | undefined {
  return apis.find(({ signingName }) => signingName === service);
}

/** Empty if it isn't a JSON object. */
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

/** Undefined if the body is too large. The rest isn't read. */
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
