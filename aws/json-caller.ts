import { type ResponseReader, type ServiceName, SignedCaller, type SignedCallerOptions } from './signed-caller';

/** A JSON document of a service's API. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A service with the AWS JSON protocol. https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html */
export interface JsonServiceName extends ServiceName {
  /** The first part of `X-Amz-Target`. */
  readonly targetPrefix: string;
  readonly jsonVersion: '1.0' | '1.1';
}

/** Calls a service with the AWS JSON protocol. */
export class JsonCaller {
  private readonly caller: SignedCaller;

  constructor(private readonly options: SignedCallerOptions & { readonly service: JsonServiceName }) {
    this.caller = new SignedCaller(options);
  }

  /** @throws AwsCallError after the last attempt, or at once for an error that is not retryable */
  call(operation: string, input: JsonObject, signal: AbortSignal): Promise<JsonObject> {
    const { targetPrefix, jsonVersion } = this.options.service;
    const headers = {
      'content-type': `application/x-amz-json-${jsonVersion}`,
      'x-amz-target': `${targetPrefix}.${operation}`,
    };
    const request = { method: 'POST', path: '/', headers, body: JSON.stringify(input) } as const;
    return this.caller.call(operation, request, RESPONSES, signal);
  }
}

const RESPONSES: ResponseReader<JsonObject> = {
  answerIn: ({ text }) => parseJsonObject(text),
  errorIn({ text }) {
    const document = parseJsonObject(text);
    // `__type` is the error's name, which some services prefix with a namespace and `#`.
    const code = asText(document?.['__type'])?.split('#').at(-1);
    return { code, message: asText(document?.['message'] ?? document?.['Message']) };
  },
};

/** Undefined for a text that is not a JSON object, such as a proxy's error page. */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    return asJsonObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Undefined for a value that is not an object. */
export function asJsonObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** Undefined for a value that is not a string. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
