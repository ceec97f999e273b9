import type { AuthorizedCaller } from '../../mesh/contract';
import type { RestApiEvent } from './gateway-request';

/**
 * A simple response of payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */
export type HttpApiAnswer =
  | { readonly isAuthorized: true; readonly context: AuthorizedCaller }
  | { readonly isAuthorized: false };

export function httpApiAnswer(caller: AuthorizedCaller | undefined): HttpApiAnswer {
  return caller === undefined ? { isAuthorized: false } : { isAuthorized: true, context: caller };
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html */
export interface RestApiAnswer {
  readonly principalId: string;
  readonly policyDocument: {
    readonly Version: '2012-10-17';
    readonly Statement: readonly {
      readonly Action: 'execute-api:Invoke';
      readonly Effect: 'Allow' | 'Deny';
      readonly Resource: string;
    }[];
  };
  readonly context?: AuthorizedCaller;
}

/** A policy for this request. API Gateway must not keep it, because it would use it for other requests. */
export function restApiAnswer(caller: AuthorizedCaller | undefined, { methodArn }: RestApiEvent): RestApiAnswer {
  // Without the path: a resource has at most 512 characters, and a path may have any, also those that policies give a meaning.
  const methodOfStage = `${methodArn.split('/').slice(0, 3).join('/')}/*`;
  const [Effect, Resource] = caller === undefined ? (['Deny', '*'] as const) : (['Allow', methodOfStage] as const);
  return {
    principalId: caller?.clientName ?? 'denied',
    policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }] },
    ...(caller && { context: caller }),
  };
}
