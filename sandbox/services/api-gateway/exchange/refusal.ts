/**
 * A request that API Gateway answers itself. Its reason appears in the access log only. The kind of the API decides how
 * the response looks.
 */
export class GatewayRefusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: keyof typeof MESSAGES,
    reason: string = MESSAGES[status],
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }

  /** The response of HTTP APIs, and where no API is known yet: `{"message": …}`, with the standard text for the status. */
  get body(): string {
    return JSON.stringify({ message: MESSAGES[this.status] });
  }

  static from(error: unknown): GatewayRefusal {
    return error instanceof GatewayRefusal ? error : new GatewayRefusal(500, String(error), { cause: error });
  }
}

const MESSAGES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Request Entity Too Large',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
} as const;
