import type { Properties } from '../../../cloudformation/resource-type';
import {
  AccessDenied,
  type AwsAnswer,
  type AwsApi,
  type AwsCall,
  AwsError,
  type CallDescription,
  type PolicyDocument,
} from '../../../endpoint/api';
import { FUNCTION_URLS_PATH } from '../../../endpoint/paths';
import type { Identity } from '../../iam';
import { randomText } from '../../shared/random-text';
import type { Surroundings } from '../../shared/service';
import { anything, oneOf, optional, string, structure } from '../../shared/shape';
import type { FunctionResult } from '../runtime/function-process';
import { readUrlAnswer } from './function-url-answer';
import { functionUrlEvent } from './function-url-event';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-url.html */
const urlProperties = structure({
  /** `NONE` admits everyone on AWS. The sandbox asks for a signature anyway. */
  AuthType: oneOf('AWS_IAM', 'NONE'),
  Cors: optional(anything),
  InvokeMode: optional(oneOf('BUFFERED', 'RESPONSE_STREAM')),
  Qualifier: optional(string({ min: 1, max: 128 })),
  TargetFunctionArn: string(),
});

export function readUrlProperties(properties: Properties): ReturnType<typeof urlProperties> {
  return urlProperties(properties, '');
}

export interface FunctionUrlsOptions {
  /** The prefix of all URLs. */
  readonly endpointUrl: string;
  /** The identity of a principal of any account. */
  identityOf(principalArn: string): Identity;
  /** The resource-based policy of a function, if it has one. */
  policyOf(functionArn: string): PolicyDocument | undefined;
  /** Rejects with the error of the function. */
  invoke(functionArn: string, event: unknown): Promise<FunctionResult>;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_BODY = 6 * 1024 * 1024;

/** The URLs of functions, with IAM authentication and authorization. */
export class FunctionUrls implements AwsApi {
  readonly signingName = 'lambda';
  /** The ARNs of functions by the IDs of their URLs. */
  private readonly functionArns = new Map<string, string>();

  constructor(
    private readonly surroundings: Surroundings,
    private readonly options: FunctionUrlsOptions,
  ) {}

  /** Adds the URL of a function, with a slash at the end. */
  add(functionArn: string): string {
    if ([...this.functionArns.values()].includes(functionArn)) {
      throw new AwsError('ResourceConflictException', `the function ${functionArn} has a URL already`, 409);
    }
    const urlId = randomText(32, 'abcdefghijklmnopqrstuvwxyz0123456789');
    this.functionArns.set(urlId, functionArn);
    return `${this.options.endpointUrl}${FUNCTION_URLS_PATH}${urlId}/`;
  }

  remove(functionArn: string): void {
    for (const [urlId, arn] of this.functionArns) if (arn === functionArn) this.functionArns.delete(urlId);
  }

  /** Whether the path is that of a function URL. */
  static serves(path: string): boolean {
    return path.startsWith(FUNCTION_URLS_PATH);
  }

  owns({ path }: Pick<AwsCall, 'path'>): boolean {
    return this.functionArns.has(partsOf(path).urlId);
  }

  describe({ body }: Pick<AwsCall, 'body'>): CallDescription {
    return { operation: 'InvokeFunctionUrl', input: { Body: body.toString('utf8') } };
  }

  /** The body of an error. Only its `Message` is documented. */
  async handle(call: AwsCall): Promise<AwsAnswer> {
    try {
      return await this.serve(call);
    } catch (error) {
      if (error instanceof AccessDenied) return answer(403, error.message);
      if (error instanceof AwsError) return answer(error.status, error.message);
      // Errors of functions count as 502: https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html
      return answer(502, 'Internal Server Error');
    }
  }

  private async serve(call: AwsCall): Promise<AwsAnswer> {
    const { urlId, path } = partsOf(call.path);
    const functionArn = this.functionArns.get(urlId);
    if (functionArn === undefined) throw new AccessDenied(`the sandbox knows no function URL ${call.path}`);
    // AWS requires both actions since October 2025: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    const policy = this.options.policyOf(functionArn);
    call.authorize('lambda:InvokeFunctionUrl', functionArn, { 'lambda:FunctionUrlAuthType': 'AWS_IAM' }, policy);
    call.authorize('lambda:InvokeFunction', functionArn, { 'lambda:InvokedViaFunctionUrl': 'true' }, policy);
    if (call.body.length > MAX_BODY)
      throw new AwsError('RequestTooLarge', `Request must be smaller than ${MAX_BODY} bytes`, 413);

    const { account, clock } = this.surroundings;
    const identity = this.options.identityOf(call.caller.principalArn);
    const event = functionUrlEvent(call, { urlId, path: path || '/', identity, account, at: clock.now() });
    return readUrlAnswer(await this.options.invoke(functionArn, event));
  }
}

function partsOf(path: string): { readonly urlId: string; readonly path: string } {
  const [, urlId = '', below = ''] = new RegExp(`^${FUNCTION_URLS_PATH}([a-z0-9]+)(/.*)?$`).exec(path) ?? [];
  return { urlId, path: below };
}

function answer(status: number, message: string): AwsAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ Message: message }) };
}
