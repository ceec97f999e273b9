import type { Answer } from '../../shared/function-answer';
import { contextVariable } from '../exchange/context-variables';
import { GatewayRefusal } from '../exchange/refusal';
import { UnsupportedSetting } from '../property-shapes';
import type { RestExchange } from './exchange';
import { type RestSelection, selectedHeaders } from './selection';

/**
 * The types of responses that the sandbox gives, with their statuses.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
 * The names in `x-amzn-ErrorType` are those that
 * https://github.com/localstack/localstack/blob/main/localstack-core/localstack/services/apigateway/next_gen/execute_api/gateway_response.py
 * lists, most of them validated against AWS.
 */
const RESPONSES = {
  ACCESS_DENIED: { status: 403, errorType: 'AccessDeniedException', message: 'User is not authorized' },
  API_CONFIGURATION_ERROR: { status: 500, errorType: 'InternalServerErrorException', message: 'Internal server error' },
  // AWS answers with the message null: https://dev.to/marcogrcr/api-gateway-lambda-authorizer-lambda-proxy-integration-failure-modes-52bc
  AUTHORIZER_CONFIGURATION_ERROR: { status: 500, errorType: 'AuthorizerConfigurationException', message: null },
  DEFAULT_4XX: { status: 400, errorType: 'BadRequestException', message: 'Bad Request' },
  DEFAULT_5XX: { status: 502, errorType: 'InternalServerErrorException', message: 'Internal server error' },
  INTEGRATION_FAILURE: {
    status: 504,
    errorType: 'InternalServerErrorException',
    message: 'Network error communicating with endpoint',
  },
  INTEGRATION_TIMEOUT: {
    status: 504,
    errorType: 'InternalServerErrorException',
    message: 'Endpoint request timed out',
  },
  MISSING_AUTHENTICATION_TOKEN: {
    status: 403,
    errorType: 'MissingAuthenticationTokenException',
    message: 'Missing Authentication Token',
  },
  REQUEST_TOO_LARGE: { status: 413, errorType: 'RequestTooLargeException', message: 'Request Too Long' },
  THROTTLED: { status: 429, errorType: 'TooManyRequestsException', message: 'Too Many Requests' },
  UNAUTHORIZED: { status: 401, errorType: 'UnauthorizedException', message: 'Unauthorized' },
} as const;

type GivenType = keyof typeof RESPONSES;

/** All types. A response of a type that the sandbox never gives is stored only. */
export const RESPONSE_TYPES = [
  'ACCESS_DENIED',
  'API_CONFIGURATION_ERROR',
  'AUTHORIZER_CONFIGURATION_ERROR',
  'AUTHORIZER_FAILURE',
  'BAD_REQUEST_BODY',
  'BAD_REQUEST_PARAMETERS',
  'DEFAULT_4XX',
  'DEFAULT_5XX',
  'EXPIRED_TOKEN',
  'INTEGRATION_FAILURE',
  'INTEGRATION_TIMEOUT',
  'INVALID_API_KEY',
  'INVALID_SIGNATURE',
  'MISSING_AUTHENTICATION_TOKEN',
  'QUOTA_EXCEEDED',
  'REQUEST_TOO_LARGE',
  'RESOURCE_NOT_FOUND',
  'THROTTLED',
  'UNAUTHORIZED',
  'UNSUPPORTED_MEDIA_TYPE',
  'WAF_FILTERED',
] as const;

/** How the API customizes the responses of a type. */
export interface GatewayResponse {
  readonly type: (typeof RESPONSE_TYPES)[number];
  /** @default - that of the type */
  readonly status?: number | undefined;
  /** By name. */
  readonly headers: ReadonlyMap<string, RestSelection>;
  /** The body, with `$context` variables. @default - `{"message": …}` */
  readonly template?: string | undefined;
}

/** A request that the REST API answers itself. */
export class RestRefusal extends Error {
  override readonly name = 'RestRefusal';
  readonly status: number;
  /** What the caller gets to know. */
  readonly publicMessage: string | null;

  /** @param reason for the access log and the authorizer's error */
  constructor(
    readonly type: GivenType,
    {
      status = RESPONSES[type].status,
      publicMessage = RESPONSES[type].message,
      reason,
      cause,
    }: { status?: number; publicMessage?: string | null; reason?: string; cause?: unknown } = {},
  ) {
    super(reason ?? publicMessage ?? type, { cause });
    this.status = status;
    this.publicMessage = publicMessage;
  }

  get errorType(): string {
    return RESPONSES[this.type].errorType;
  }

  /** The refusals that both kinds of API have. Everything else is a failure of the gateway. */
  static from(error: unknown): RestRefusal {
    if (error instanceof RestRefusal) return error;
    const options = { reason: error instanceof Error ? error.message : String(error), cause: error };
    if (!(error instanceof GatewayRefusal)) return new RestRefusal('API_CONFIGURATION_ERROR', options);
    const types: Partial<Record<number, GivenType>> = {
      400: 'DEFAULT_4XX',
      413: 'REQUEST_TOO_LARGE',
      429: 'THROTTLED',
      503: 'INTEGRATION_FAILURE',
      504: 'INTEGRATION_TIMEOUT',
    };
    return new RestRefusal(types[error.status] ?? 'API_CONFIGURATION_ERROR', options);
  }
}

/**
 * The response to a refused request: that of its type, of `DEFAULT_4XX` or `DEFAULT_5XX`, or the default of API Gateway.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
 */
export function renderRefusal(
  refusal: RestRefusal,
  exchange: RestExchange,
  gatewayResponses: readonly GatewayResponse[],
): Answer {
  const fallback = refusal.status < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX';
  const custom =
    gatewayResponses.find(({ type }) => type === refusal.type) ??
    gatewayResponses.find(({ type }) => type === fallback);
  const message = JSON.stringify(refusal.publicMessage);
  Object.assign(exchange.ownVariables, {
    'error.message': refusal.publicMessage ?? undefined,
    'error.messageString': message,
    'error.responseType': refusal.type,
  });
  const key = refusal.type === 'ACCESS_DENIED' ? 'Message' : 'message';
  const body = custom?.template === undefined ? `{"${key}":${message}}` : expandTemplate(custom.template, exchange);
  return {
    status: custom?.status ?? refusal.status,
    headers: {
      'content-type': 'application/json',
      'x-amzn-errortype': refusal.errorType,
      ...(custom && selectedHeaders(custom.headers, exchange)),
    },
    body: Buffer.from(body),
  };
}

/** @throws UnsupportedSetting for a template that has more than `$context` variables */
export function checkTemplate(template: string): string {
  const rest = template.replaceAll(CONTEXT_VARIABLE, '');
  if (/[$]|#[a-z{#*]/i.test(rest)) {
    throw new UnsupportedSetting(`a response template with more than $context variables: ${template}`);
  }
  return template;
}

const CONTEXT_VARIABLE = /\$context\.(\w+(?:\.\w+)*)/g;

function expandTemplate(template: string, exchange: RestExchange): string {
  return template.replace(CONTEXT_VARIABLE, (_, name: string) => contextVariable(name, exchange) ?? '');
}
