import { pathToFileURL } from 'node:url';
import { type Account, accountIdIn } from '../../account';
import { type AwsAnswer, type AwsApi, type AwsCall, AwsError, type PolicyDocument } from '../../endpoint/api';
import { restJsonApi } from '../../endpoint/rest-json';
import { page } from '../shared/paging';
import { oneOf } from '../shared/shape';
import { functionArn, functionName } from './names';
import type { FunctionConfiguration } from './runtime/function-configuration';
import { FunctionError, type FunctionResult } from './runtime/function-process';
import type { InvocationRecord } from './runtime/lambda-function';
import type { Functions } from './state';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_PAYLOAD = 6 * 1024 * 1024;
/** https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html */
const PAGE_SIZE = 50;

export interface FunctionInvoker {
  /** @throws FunctionError, or AwsError for an unknown function */
  invokeForResult(
    functionArn: string,
    event: unknown,
    onEnd?: (record: InvocationRecord) => void,
  ): Promise<FunctionResult>;
  /** @throws FunctionError of the last attempt */
  invokeAsynchronously(functionArn: string, event: unknown): Promise<void>;
  /** The resource-based policy of the function, its version, or its alias. */
  policyOf(functionArn: string): PolicyDocument | undefined;
}

const invocationType = oneOf('RequestResponse', 'Event', 'DryRun');
const logType = oneOf('None', 'Tail');

/** https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html */
export function lambdaApi(account: Account, functions: Functions, invoker: FunctionInvoker): AwsApi {
  /** @throws AwsError for a name that can't be one, or a function that doesn't exist */
  function authorizedFunction(action: string, call: AwsCall, nameOrArn = ''): FunctionConfiguration {
    if (!/^[\w:$-]{1,140}$/.test(nameOrArn)) {
      const constraint = 'failed to satisfy constraint: Member must be a function name or an ARN';
      throw new AwsError('ValidationException', `1 validation error detected: Value at 'functionName' ${constraint}`);
    }
    const qualifier = call.query.get('Qualifier');
    const name = functionName(qualifier === null ? nameOrArn : `${nameOrArn}:${qualifier}`);
    if (![account.id, ''].includes(accountIdIn(nameOrArn))) {
      throw new AwsError('ResourceNotFoundException', `Function not found: ${nameOrArn}`, 404);
    }
    const arn = functionArn(account, name);
    call.authorize(`lambda:${action}`, arn, {}, invoker.policyOf(arn));
    return { ...functions.get(name).configuration, arn };
  }

  async function invoke(call: AwsCall, FunctionName: string | undefined): Promise<AwsAnswer> {
    const { arn } = authorizedFunction('InvokeFunction', call, FunctionName);
    if (call.body.length > MAX_PAYLOAD) {
      throw new AwsError('RequestTooLargeException', `Request must be smaller than ${MAX_PAYLOAD} bytes`, 413);
    }
    const event = readPayload(call.body);
    const type = invocationType(call.headers['x-amz-invocation-type'] ?? 'RequestResponse', 'invocationType');
    const withLog = logType(call.headers['x-amz-log-type'] ?? 'None', 'logType') === 'Tail';
    if (type === 'DryRun') return { status: 204 };
    if (type === 'Event') {
      // As on AWS, the caller doesn't learn what becomes of it.
      invoker.invokeAsynchronously(arn, event).catch(() => undefined);
      return { status: 202 };
    }
    let about: Readonly<Record<string, string>> = {};
    const onEnd = ({ version, logTail }: InvocationRecord) => {
      about = {
        'x-amz-executed-version': version,
        ...(withLog && { 'x-amz-log-result': logTail.toString('base64') }),
      };
    };
    try {
      return answer(await invoker.invokeForResult(arn, event, onEnd), about);
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      const body = Buffer.from(JSON.stringify(error.failure));
      return answer({ body, contentType: 'application/json' }, { ...about, 'x-amz-function-error': 'Unhandled' });
    }
  }

  function listFunctions(call: AwsCall): object {
    call.authorize('lambda:ListFunctions', '*');
    const size = Number(call.query.get('MaxItems') ?? PAGE_SIZE);
    const { items, nextToken } = page(
      functions.all(),
      Math.min(size, PAGE_SIZE),
      call.query.get('Marker') ?? undefined,
    );
    return { Functions: items.map(({ configuration }) => describe(configuration)), NextMarker: nextToken };
  }

  function getFunction(call: AwsCall, FunctionName: string | undefined): object {
    const configuration = authorizedFunction('GetFunction', call, FunctionName);
    return {
      Configuration: describe(configuration),
      // On AWS, a presigned URL of a package. Here, the directory itself.
      Code: { RepositoryType: 'S3', Location: pathToFileURL(configuration.directory).href },
    };
  }

  const api = restJsonApi({
    signingName: 'lambda',
    operations: {
      Invoke: {
        method: 'POST',
        path: '/2015-03-31/functions/{FunctionName}/invocations',
        run: (call, { FunctionName }) => invoke(call, FunctionName),
      },
      ListFunctions: {
        method: 'GET',
        path: '/2015-03-31/functions',
        run: (call) => ({ document: listFunctions(call) }),
      },
      GetFunction: {
        method: 'GET',
        path: '/2015-03-31/functions/{FunctionName}',
        run: (call, { FunctionName }) => ({ document: getFunction(call, FunctionName) }),
      },
      GetFunctionConfiguration: {
        method: 'GET',
        path: '/2015-03-31/functions/{FunctionName}/configuration',
        run: (call, { FunctionName }) => ({
          document: describe(authorizedFunction('GetFunctionConfiguration', call, FunctionName)),
        }),
      },
    },
  });
  // https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-cross-account.html
  return { ...api, owns: ({ path }) => accountIdIn(functionIn(path)) === account.id };
}

/** The name or ARN of the function that the path names. Empty if it names none. */
function functionIn(path: string): string {
  const [, label = ''] = /^\/2015-03-31\/functions\/([^/]+)/.exec(path) ?? [];
  try {
    return decodeURIComponent(label);
  } catch {
    return '';
  }
}

function describe(configuration: FunctionConfiguration): object {
  const { name, arn, runtime, roleArn, handler, description, timeoutSeconds, memorySizeMb } = configuration;
  return {
    FunctionName: name,
    FunctionArn: arn,
    Runtime: runtime,
    Role: roleArn,
    Handler: handler,
    Description: description,
    Timeout: timeoutSeconds,
    MemorySize: memorySizeMb,
    LastModified: configuration.deployedAt.toISOString().replace('Z', '+0000'),
    Version: '$LATEST',
    ...(Object.keys(configuration.variables).length > 0 && { Environment: { Variables: configuration.variables } }),
    TracingConfig: { Mode: 'PassThrough' },
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: configuration.architectures,
    EphemeralStorage: { Size: 512 },
    LoggingConfig: { LogFormat: 'Text', LogGroup: configuration.logGroup },
  };
}

function answer({ body, contentType }: FunctionResult, headers: Readonly<Record<string, string>>): AwsAnswer {
  return { status: 200, headers: { 'content-type': contentType, ...headers }, body };
}

function readPayload(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
  }
}
