/**
 * A response of API Gateway itself: `{"message": …}`, with its standard text for the status. The reason appears in the
 * access log only.
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

  get body(): string {
    return JSON.stringify({ message: MESSAGES[this.status] });
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
