import type { Account } from '../../account';
import { type AwsAnswer, type AwsApi, type AwsCall, AwsError } from '../../endpoint/api';
import { restJsonError } from '../../endpoint/rest-json';
import { FunctionError, type FunctionResult } from './runtime/function-process';
import { functionArn } from './state';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_PAYLOAD = 6 * 1024 * 1024;

export interface FunctionInvoker {
  /** @throws FunctionError, or AwsError for an unknown function */
  invokeForResult(functionArn: string, event: unknown): Promise<FunctionResult>;
}

/**
 * The only operation of Lambda that the sandbox has besides function URLs: a synchronous Invoke.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function invokeApi(account: Account, functions: FunctionInvoker): AwsApi {
  async function invoke(call: AwsCall): Promise<AwsAnswer> {
    const name = functionNameIn(call);
    const type = call.headers['x-amz-invocation-type'] ?? 'RequestResponse';
    if (name === undefined || type !== 'RequestResponse') {
      throw new AwsError(
        'UnknownOperationException',
        `the sandbox does not support ${operationOf(call)} (${type}) of Lambda`,
      );
    }
    const arn = name.startsWith('arn:') ? name : functionArn(account, name);
    call.authorize('lambda:InvokeFunction', arn);
    if (call.body.length > MAX_PAYLOAD) {
      throw new AwsError('RequestTooLargeException', `Request must be smaller than ${MAX_PAYLOAD} bytes`, 413);
    }
    const event = readPayload(call.body);
    try {
      return answer(await functions.invokeForResult(arn, event), {});
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      const body = Buffer.from(JSON.stringify(error.failure));
      return answer({ body, contentType: 'application/json' }, { 'x-amz-function-error': 'Unhandled' });
    }
  }

  return {
    signingName: 'lambda',
    describe(call) {
      const name = functionNameIn(call);
      return { operation: operationOf(call), input: name === undefined ? {} : { FunctionName: name } };
    },
    async handle(call) {
      try {
        return await invoke(call);
      } catch (error) {
        return restJsonError(error);
      }
    },
  };
}

function answer({ body, contentType }: FunctionResult, headers: Readonly<Record<string, string>>): AwsAnswer {
  return {
    status: 200,
    headers: { 'content-type': contentType, 'x-amz-executed-version': '$LATEST', ...headers },
    body,
  };
}

function readPayload(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
  }
}

type Request = Pick<AwsCall, 'method' | 'path'>;

function operationOf(request: Request): string {
  return functionNameIn(request) === undefined ? `${request.method} ${request.path}` : 'Invoke';
}

/** A name or an ARN. */
function functionNameIn({ method, path }: Request): string | undefined {
  const [, name] = /^\/2015-03-31\/functions\/((?:[\w:-]|%3A)+)\/invocations$/.exec(path) ?? [];
  return method === 'POST' && name !== undefined ? decodeURIComponent(name) : undefined;
}
