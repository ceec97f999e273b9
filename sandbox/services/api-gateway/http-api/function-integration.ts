import type { Account } from '../../../account';
import { AwsError } from '../../../endpoint/api';
import { type Answer, readFunctionAnswer } from '../../shared/function-answer';
import { invokeFunction, NotPermitted } from '../exchange/invocation';
import { GatewayRefusal } from '../exchange/refusal';
import { TimeLimitExceeded } from '../exchange/time-limit';
import type { InvokedFunctions } from '../ports';
import { integrationEvent, routeSourceArn } from './events';
import type { HttpApiExchange } from './exchange';
import type { FunctionIntegration } from './state';

const NO_PERMISSION =
  "The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. Check the permissions and try again.";

/**
 * Of an answer that names none, as in AWS's own emulation:
 * https://github.com/aws/aws-lambda-dotnet/tree/master/Tools/LambdaTestTool-v2
 */
const DEFAULT_CONTENT_TYPE = 'text/plain; charset=utf-8';

/**
 * Invokes the function and reads its response, in payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export async function callFunction(
  exchange: HttpApiExchange,
  { functionArn, mapping, timeout }: FunctionIntegration,
  functions: InvokedFunctions,
  account: Account,
): Promise<Answer> {
  try {
    const sourceArn = routeSourceArn(exchange, account);
    const event = integrationEvent(exchange, mapping(exchange));
    const answer = readFunctionAnswer(await invokeFunction(functions, { functionArn, sourceArn, event, timeout }));
    return { ...answer, headers: { 'content-type': DEFAULT_CONTENT_TYPE, ...answer.headers } };
  } catch (cause) {
    if (cause instanceof NotPermitted) throw new GatewayRefusal(500, NO_PERMISSION, { cause });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayRefusal(statusFor(cause), reason, { cause });
  }
}

function statusFor(cause: unknown): 413 | 500 | 504 {
  if (cause instanceof TimeLimitExceeded) return 504;
  return cause instanceof AwsError && cause.status === 413 ? 413 : 500;
}
