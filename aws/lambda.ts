import { AwsCallError } from './aws-error';
import type { AwsConnection } from './connection';
import { asJsonObject, asText, type JsonObject, parseJsonObject } from './json-caller';
import type { RetryPolicy } from './retry';
import { type ResponseReader, SignedCaller } from './signed-caller';

/** The longest that a function of the mesh runs, and some time for its start. Milliseconds. */
const TIMEOUT = 200_000;
const RETRY_POLICY: RetryPolicy = { attempts: 4, timeout: TIMEOUT, backoff: { first: 500, longest: 4_000 } };

/** Functions. Those that it invokes answer with a JSON object. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
export class Lambda {
  private readonly caller: SignedCaller;

  constructor(connection: AwsConnection) {
    this.caller = new SignedCaller({
      service: { name: 'lambda', endpointVariable: 'LAMBDA' },
      connection,
      retryPolicy: RETRY_POLICY,
    });
  }

  /** Runs a function and waits for its answer. @throws AwsCallError, also if the function fails */
  async invoke(functionName: string, event: object, signal: AbortSignal): Promise<JsonObject> {
    const request = {
      method: 'POST',
      path: `/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
    } as const;
    const { answer, failure } = await this.caller.call('InvokeFunction', request, INVOCATION, signal);
    if (failure === undefined) return answer;
    const { errorType, errorMessage } = answer;
    throw new AwsCallError('lambda:InvokeFunction', asText(errorType) ?? failure, asText(errorMessage) ?? 'no message');
  }

  /** @param functionName name or ARN. @throws AwsCallError */
  async configuration(functionName: string, signal: AbortSignal): Promise<FunctionConfiguration> {
    const request = {
      method: 'GET',
      path: `/2015-03-31/functions/${encodeURIComponent(functionName)}/configuration`,
    } as const;
    const { answer } = await this.caller.call('GetFunctionConfiguration', request, INVOCATION, signal);
    return {
      variables: asJsonObject(asJsonObject(answer['Environment'])?.['Variables']) ?? {},
      logGroup: asText(asJsonObject(answer['LoggingConfig'])?.['LogGroup']),
    };
  }
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html */
export interface FunctionConfiguration {
  /** The environment variables by name. */
  readonly variables: JsonObject;
  /** The name of the log group. */
  readonly logGroup: string | undefined;
}

interface Invocation {
  readonly answer: JsonObject;
  /** Whether and how the function failed, such as `Unhandled`. */
  readonly failure: string | undefined;
}

const INVOCATION: ResponseReader<Invocation> = {
  answerIn({ headers, text }) {
    const answer = parseJsonObject(text);
    return answer && { answer, failure: headers['x-amz-function-error'] ?? undefined };
  },
  errorIn({ headers, text }) {
    const { Message, message } = parseJsonObject(text) ?? {};
    const code = headers['x-amzn-errortype']?.split(':')[0];
    return { code: code || undefined, message: asText(Message) ?? asText(message) };
  },
};
