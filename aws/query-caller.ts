import { type ResponseReader, SignedCaller, type SignedCallerOptions } from './signed-caller';
import { onlyElement } from './xml';

export interface QueryCallerOptions extends SignedCallerOptions {
  /** Version of the API, such as `2010-05-15`. */
  readonly version: string;
}

/**
 * Calls a service with the AWS Query protocol: a form as request, XML as response.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export class QueryCaller {
  private readonly caller: SignedCaller;

  constructor(private readonly options: QueryCallerOptions) {
    this.caller = new SignedCaller(options);
  }

  /**
   * @param read reads the answer from the response's XML; undefined for a response that does not contain it
   * @throws AwsCallError after the last attempt, or at once for an error that is not retryable
   */
  call<T>(
    operation: string,
    input: Readonly<Record<string, string>>,
    read: (xml: string) => T | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const body = new URLSearchParams({ Action: operation, Version: this.options.version, ...input });
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    const request = { method: 'POST', path: '/', headers, body: body.toString() } as const;
    const reader: ResponseReader<T> = {
      answerIn: ({ text }) => (new RegExp(`<${operation}Response[ >]`).test(text) ? read(text) : undefined),
      errorIn: ({ text }) => ({ code: onlyElement(text, 'Code'), message: onlyElement(text, 'Message') }),
    };
    return this.caller.call(operation, request, reader, signal);
  }
}
