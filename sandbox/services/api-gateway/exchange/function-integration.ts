import type { Account } from '../../../account';
import { AwsError } from '../../../endpoint/api';
import { type Answer, readFunctionAnswer } from '../../shared/function-answer';
import type { InvokedFunctions } from '../ports';
import type { FunctionIntegration } from '../state';
import { integrationEvent, routeSourceArn } from './events';
import type { Exchange } from './exchange';
import { GatewayRefusal } from './refusal';
import { TimeLimitExceeded, within } from './time-limit';

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
  exchange: Exchange,
  integration: FunctionIntegration,
  functions: InvokedFunctions,
  account: Account,
): Promise<Answer> {
  const { functionArn, mapping, timeout } = integration;
  try {
    functions.assertMayInvoke(functionArn, 'apigateway.amazonaws.com', routeSourceArn(exchange, account));
  } catch (cause) {
    throw new GatewayRefusal(500, NO_PERMISSION, { cause });
  }
  try {
    const event = integrationEvent(exchange, mapping(exchange));
    const answer = readFunctionAnswer(await within(timeout, functions.invoke(functionArn, event)));
    return { ...answer, headers: { 'content-type': DEFAULT_CONTENT_TYPE, ...answer.headers } };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayRefusal(statusFor(cause), reason, { cause });
  }
}

function statusFor(cause: unknown): 413 | 500 | 504 {
  if (cause instanceof TimeLimitExceeded) return 504;
  return cause instanceof AwsError && cause.status === 413 ? 413 : 500;
}
