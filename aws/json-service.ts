import type { Patience } from './retry';
import { type ResponseReader, type ServiceName, SignedService } from './signed-caller';

/** A JSON document of a service's API. */
export type JsonDocument = Readonly<Record<string, unknown>>;

/** A service that speaks AWS JSON. https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html */
export interface JsonServiceName extends ServiceName {
  /** What `X-Amz-Target` begins with. */
  readonly targetPrefix: string;
  readonly jsonVersion: '1.0' | '1.1';
}

/** Calls a service that speaks AWS JSON. */
export class JsonService {
  private readonly signed: SignedService;

  constructor(
    private readonly service: JsonServiceName,
    patience: Patience,
    environment: NodeJS.ProcessEnv,
  ) {
    this.signed = new SignedService(service, patience, environment);
  }

  /** @throws AwsCallError after the last attempt, or at once for an error that does not pass */
  call(operation: string, input: JsonDocument, signal: AbortSignal): Promise<JsonDocument> {
    const { targetPrefix, jsonVersion } = this.service;
    const headers = {
      'content-type': `application/x-amz-json-${jsonVersion}`,
      'x-amz-target': `${targetPrefix}.${operation}`,
    };
    const request = { method: 'POST', path: '/', headers, body: JSON.stringify(input) } as const;
    return this.signed.call(operation, request, RESPONSES, signal);
  }
}

const RESPONSES: ResponseReader<JsonDocument> = {
  answerOf: ({ text }) => parseDocument(text),
  errorOf({ text }) {
    const document = parseDocument(text);
    return { code: errorCode(document), message: textIn(document?.['message'] ?? document?.['Message']) };
  },
};

/** `__type` is the error's name, in some services after a namespace and `#`. */
function errorCode(document: JsonDocument | undefined): string | undefined {
  return textIn(document?.['__type'])?.split('#').at(-1);
}

/** Undefined for what is no JSON object, such as a proxy's error page. */
export function parseDocument(text: string): JsonDocument | undefined {
  try {
    return documentIn(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Undefined for what is no object. */
export function documentIn(value: unknown): JsonDocument | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** Undefined for what is no text. */
export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
