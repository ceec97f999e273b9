import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
  readonly signal: AbortSignal;
}

/** The chunks of the body. They must be read, or the connection stays in use. Who stops early closes the connection. */
export interface HttpResponse extends AsyncIterable<Uint8Array> {
  readonly statusCode?: number | undefined;
  /** Only `set-cookie` would be a list, and no AWS service sends it. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * Sends one HTTP or HTTPS request and waits for status and headers. Redirects are not followed. `fetch` does the same,
 * but takes longer to load than anything else that a function does at its start.
 *
 * @throws the error of the system, or an AbortError when the signal aborts
 */
export function sendHttpRequest(url: URL, { body, ...options }: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'http:' ? httpRequest : httpsRequest;
    request(url, options, resolve as (response: IncomingMessage) => void)
      .on('error', reject)
      .end(body);
  });
}
