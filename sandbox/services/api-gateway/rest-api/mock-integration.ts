import { invalid, UnsupportedSetting } from '../property-shapes';
import type { RestExchange } from './exchange';
import { RestRefusal } from './gateway-responses';
import { headerValues, parseRestSelection, type RestSelection, selectedHeaders } from './selection';
import type { MockIntegration } from './state';

interface IntegrationResponse {
  readonly StatusCode: string;
  readonly SelectionPattern?: string | undefined;
  readonly ResponseParameters?: Readonly<Record<string, string>> | undefined;
  readonly ResponseTemplates?: Readonly<Record<string, string>> | undefined;
}

interface MockResponse {
  readonly status: number;
  /** Undefined for the default response. */
  readonly pattern?: RegExp | undefined;
  readonly headers: ReadonlyMap<string, RestSelection>;
  readonly body: string;
  /** Origins other than the first that the API allows. */
  readonly otherOrigins: readonly string[];
}

/**
 * A `MOCK` integration. The status code in its request template selects the response. Without a template, it always fails.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
 *
 * The sandbox doesn't run templates in VTL. It knows those that the CDK writes for CORS, and text without expressions.
 */
export function parseMockIntegration(
  requestTemplates: Readonly<Record<string, string>>,
  integrationResponses: readonly IntegrationResponse[],
): MockIntegration {
  const template = requestTemplates['application/json'];
  const requested = template === undefined ? undefined : statusIn(template);
  const responses = integrationResponses.map(parseResponse);
  return {
    kind: 'mock',
    respond: (exchange) => {
      if (requested === undefined) {
        throw new RestRefusal('API_CONFIGURATION_ERROR', { reason: 'the MOCK integration has no request template' });
      }
      const matching = responses.find(({ pattern }) => pattern?.test(requested));
      const response = matching ?? responses.find(({ pattern }) => pattern === undefined);
      if (!response) throw new RestRefusal('API_CONFIGURATION_ERROR', { reason: `no response for ${requested}` });
      return {
        status: response.status,
        headers: { 'content-type': 'application/json', ...headersOf(response, exchange) },
        body: Buffer.from(response.body),
      };
    },
  };
}

function headersOf({ headers, otherOrigins }: MockResponse, exchange: RestExchange): Record<string, string> {
  const origin = headerValues(exchange.request.headerLines, 'origin').at(-1);
  return {
    ...selectedHeaders(headers, exchange),
    ...(origin !== undefined && otherOrigins.includes(origin) && { 'access-control-allow-origin': origin }),
  };
}

/** Such as `{ statusCode: 200 }`, with or without quotes around the name. */
function statusIn(template: string): string {
  const [, status] = /^\s*\{\s*"?statusCode"?\s*:\s*(\d{3})\s*\}\s*$/.exec(template) ?? [];
  if (status === undefined) {
    throw new UnsupportedSetting(`a MOCK integration whose request template isn't {"statusCode": …}: ${template}`);
  }
  return status;
}

function parseResponse(response: IntegrationResponse): MockResponse {
  const { StatusCode, SelectionPattern, ResponseParameters = {}, ResponseTemplates = {} } = response;
  if (!/^[2-5]\d\d$/.test(StatusCode)) throw invalid(`Invalid status code: ${StatusCode}`);
  const template = ResponseTemplates['application/json'] ?? '';
  const otherOrigins = originsIn(template);
  if (!otherOrigins && /[$#]/.test(template)) throw new UnsupportedSetting(`the response template ${template}`);
  return {
    status: Number(StatusCode),
    pattern: SelectionPattern ? new RegExp(`^(?:${SelectionPattern})$`) : undefined,
    headers: new Map(
      Object.entries(ResponseParameters).map(([parameter, expression]) => {
        const [, name] = /^method\.response\.header\.([\w.$-]+)$/.exec(parameter) ?? [];
        if (!name) throw invalid(`Invalid mapping expression parameter specified: ${parameter}`);
        return [name, parseRestSelection(expression)];
      }),
    ),
    body: otherOrigins ? '' : template,
    otherOrigins: otherOrigins ?? [],
  };
}

/**
 * The origins in the template that the CDK writes for `defaultCorsPreflightOptions` with several origins. Undefined for
 * another template.
 * https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-apigateway/lib/resource.ts
 */
function originsIn(template: string): readonly string[] | undefined {
  const lines = template.split('\n').map((line) => line.trim());
  const condition = lines[4] ?? '';
  const isFromCdk =
    lines.length === 7 &&
    lines[0] === '#set($origin = $input.params().header.get("Origin"))' &&
    lines[2] === '#set($origin = $input.params().header.get("origin"))' &&
    /^#if\((\$origin == "[^"$#]*"( \|\| )?)+\)$/.test(condition) &&
    lines[5] === '#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)';
  return isFromCdk ? [...condition.matchAll(/"([^"]*)"/g)].map(([, origin = '']) => origin) : undefined;
}
