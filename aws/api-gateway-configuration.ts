import type { AwsConnection } from './connection';
import { asJsonObject, asText, type JsonObject, parseJsonObject } from './json-caller';
import { type ResponseReader, SignedCaller } from './signed-caller';

/** Which API answers at a path of a domain. */
export interface ApiMapping {
  readonly apiId: string;
  readonly stage: string;
  /** The path without slashes at its ends. Empty for the root. */
  readonly key: string;
}

/**
 * How HTTP APIs are configured, as far as an operator needs it.
 * https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/operations.html
 */
export class ApiGatewayConfiguration {
  private readonly caller: SignedCaller;

  constructor(connection: AwsConnection) {
    this.caller = new SignedCaller({
      service: { name: 'apigateway', endpointVariable: 'APIGATEWAYV2' },
      connection,
      retryPolicy: { attempts: 5, timeout: 5_000, backoff: { first: 200, longest: 2_000 } },
    });
  }

  /** @throws AwsCallError */
  async mappings(domainName: string, signal: AbortSignal): Promise<readonly ApiMapping[]> {
    const path = `domainnames/${encodeURIComponent(domainName)}/apimappings`;
    return (await this.list('GetApiMappings', path, signal)).map((item) => ({
      apiId: asText(item['apiId']) ?? '',
      stage: asText(item['stage']) ?? '',
      key: asText(item['apiMappingKey']) ?? '',
    }));
  }

  /** The ARN of the log group to which a stage writes its access log. @throws AwsCallError */
  async accessLogDestination(apiId: string, stage: string, signal: AbortSignal): Promise<string | undefined> {
    const stages = await this.list('GetStages', `apis/${encodeURIComponent(apiId)}/stages`, signal);
    const found = stages.find((item) => item['stageName'] === stage);
    return asText(asJsonObject(found?.['accessLogSettings'])?.['destinationArn']);
  }

  /** The ARNs of the functions that the API's authorizers call. @throws AwsCallError */
  async authorizerFunctions(apiId: string, signal: AbortSignal): Promise<readonly string[]> {
    const authorizers = await this.list('GetAuthorizers', `apis/${encodeURIComponent(apiId)}/authorizers`, signal);
    return authorizers.flatMap((item) => {
      const [, functionArn] = /\/functions\/([^/]+)\/invocations$/.exec(asText(item['authorizerUri']) ?? '') ?? [];
      return functionArn ?? [];
    });
  }

  private async list(operation: string, path: string, signal: AbortSignal): Promise<readonly JsonObject[]> {
    const items: JsonObject[] = [];
    let query = '';
    for (;;) {
      const page = await this.caller.call(operation, { method: 'GET', path: `/v2/${path}${query}` }, DOCUMENT, signal);
      const found: readonly unknown[] = Array.isArray(page['items']) ? page['items'] : [];
      items.push(...found.map(asJsonObject).filter((item) => item !== undefined));
      const nextToken = asText(page['nextToken']);
      if (nextToken === undefined) return items;
      query = `?nextToken=${encodeURIComponent(nextToken)}`;
    }
  }
}

const DOCUMENT: ResponseReader<JsonObject> = {
  answerIn: ({ text }) => parseJsonObject(text),
  errorIn({ headers, text }) {
    // The header holds the error's name, and possibly a colon and the URL of its documentation.
    const code = headers['x-amzn-errortype']?.split(':')[0];
    return { code: code || undefined, message: asText(parseJsonObject(text)?.['message']) };
  },
};
