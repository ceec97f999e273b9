import type { Clock } from '../../clock';
import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi, PolicyDocument } from '../../endpoint/api';
import type { Service, Surroundings } from '../shared/service';
import { functionName } from './names';
import { lambdaApi } from './operations';
import { Permissions } from './permissions';
import { aliasType } from './resources/alias';
import { functionType } from './resources/function';
import { permissionType } from './resources/permission';
import { urlType } from './resources/url';
import { versionType } from './resources/version';
import { invokeUntilItSucceeds } from './runtime/asynchronous-invocation';
import { FunctionError, type FunctionResult } from './runtime/function-process';
import type { FunctionProcesses } from './runtime/function-processes';
import type { InvocationRecord } from './runtime/lambda-function';
import { Functions, type LambdaOptions } from './state';
import { FunctionUrls } from './url/function-urls';

/** AWS Lambda: the functions of templates. Each runs in its own child processes, on the Node.js of the sandbox. */
export class LambdaService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  /** Function URLs and Lambda's own operations. */
  readonly api: AwsApi;
  private readonly functions: Functions;
  private readonly permissions = new Permissions();
  private readonly clock: Clock;
  private readonly logs: LambdaOptions['logs'];

  constructor(surroundings: Surroundings, options: LambdaOptions) {
    this.clock = surroundings.clock;
    this.logs = options.logs;
    this.functions = new Functions(surroundings, options);
    const urls = new FunctionUrls(surroundings, {
      endpointUrl: options.endpointUrl,
      identityOf: (principalArn) => (options.identityOf ?? options.iam.identityOf.bind(options.iam))(principalArn),
      policyOf: (functionArn) => this.permissions.policyOf(functionArn),
      invoke: (functionArn, event) => this.invokeForResult(functionArn, event),
    });
    this.resourceTypes = {
      'AWS::Lambda::Function': functionType(surroundings.account, this.functions),
      'AWS::Lambda::Version': versionType(surroundings.account, this.functions),
      'AWS::Lambda::Alias': aliasType(surroundings.account, this.functions),
      'AWS::Lambda::Permission': permissionType(surroundings.account, this.functions, this.permissions),
      'AWS::Lambda::Url': urlType(surroundings.account, this.functions, urls),
    };
    this.api = eitherApi(urls, lambdaApi(surroundings.account, this.functions, this));
  }

  /**
   * @param event a JSON value
   * @throws FunctionError if the function fails, crashes, or exceeds its timeout
   */
  async invoke(functionArn: string, event: unknown): Promise<unknown> {
    return jsonOf(await this.invokeForResult(functionArn, event));
  }

  /** As `invoke`, for a caller that also takes what a streaming handler writes. */
  invokeForResult(
    functionArn: string,
    event: unknown,
    onEnd?: (record: InvocationRecord) => void,
  ): Promise<FunctionResult> {
    return this.functions.invoke(functionName(functionArn), JSON.stringify(event), undefined, onEnd);
  }

  /**
   * Invokes the function asynchronously, like an `Event` invocation on AWS. The clock counts it as background work.
   * @throws FunctionError of the last attempt
   */
  async invokeAsynchronously(functionArn: string, event: unknown): Promise<void> {
    const name = functionName(functionArn);
    const json = JSON.stringify(event);
    const running = invokeUntilItSucceeds((requestId) => this.functions.invoke(name, json, requestId));
    this.clock.background(() => running);
    await running;
  }

  /** Kills the function process with the access key, if there is one. */
  killProcessOf(accessKeyId: string): Promise<void> {
    return this.functions.processes.kill(accessKeyId);
  }

  /** As `FunctionProcesses.letTimePass`. */
  letTimePass(...given: Parameters<FunctionProcesses['letTimePass']>): Promise<void> {
    return this.functions.processes.letTimePass(...given);
  }

  /** @throws AccessDenied unless a permission allows the service to invoke the function for the source */
  assertMayInvoke(functionArn: string, principalService: string, sourceArn: string): void {
    this.permissions.assertAllowed(functionArn, principalService, sourceArn);
  }

  /** The resource-based policy of the function, its version, or its alias. Undefined without permissions. */
  policyOf(functionArn: string): PolicyDocument | undefined {
    return this.permissions.policyOf(functionArn);
  }

  /** Oldest first. */
  logLines(functionArn: string): readonly string[] {
    return this.logs.lines(this.functions.get(functionName(functionArn)).configuration.logGroup);
  }

  close(): Promise<void> {
    return this.functions.close();
  }
}

function jsonOf({ body }: FunctionResult): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    const errorMessage =
      'the function streamed a response that is not JSON; its callers must use a function URL or Invoke';
    throw new FunctionError({ errorType: 'Runtime.InvalidResponse', errorMessage });
  }
}

/** The API of function URLs for calls to them, and the API of Lambda for all others. Both are signed for `lambda`. */
function eitherApi(urls: FunctionUrls, operations: AwsApi): AwsApi {
  const apiFor = ({ path }: { readonly path: string }) => (FunctionUrls.serves(path) ? urls : operations);
  return {
    signingName: urls.signingName,
    describe: (call) => apiFor(call).describe(call),
    handle: (call) => apiFor(call).handle(call),
    owns: (call) => apiFor(call).owns?.(call) ?? false,
  };
}
